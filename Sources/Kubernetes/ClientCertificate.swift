/// The certificate by which we tell the API server who we are, and its key. Both are PEM.
package struct ClientCertificate: Hashable, Sendable {
  package let certificate: [UInt8]
  package let key: Secret

  package init(certificate: [UInt8], key: Secret) {
    self.certificate = certificate
    self.key = key
  }
}
