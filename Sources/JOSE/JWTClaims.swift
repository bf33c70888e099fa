import JSON

/// The claims of a token whose signature was verified, RFC 7519 section 4.1 and OpenID Connect Core section 5.1.
package struct JWTClaims: Hashable, Sendable {
  package let issuer: String
  package let audience: String
  package let subject: String
  /// Seconds since 1970, at most 2^53 either way; fractions are allowed (RFC 7519 section 2, NumericDate).
  package let expires: Double
  package let issuedAt: Double
  package let notBefore: Double?
  package let email: String?
  /// True for the boolean true only: the string and the number are not.
  package let isEmailVerified: Bool

  /// Reads the claims and checks their kinds; no value is compared with anything.
  package init(payload: [UInt8]) throws(TokenRefusal) {
    let object = try JSONObject(part: .payload, payload)
    issuer = try object.text(.issuer)
    subject = try object.text(.subject)
    expires = try object.date(.expires)
    issuedAt = try object.date(.issuedAt)
    notBefore = object["nbf"] == nil ? nil : try object.date(.notBefore)
    audience = try object.audience()
    email = object["email"]?.string
    isEmailVerified = object["email_verified"] == .bool(true)
  }

  /// Throws what is wrong with the claims under `policy`. The identity comes last: it alone is answered with 403.
  /// - Parameter now: seconds since 1970.
  package func check(_ policy: TokenPolicy, now: Int64) throws(TokenRefusal) {
    guard Self.contains(policy.issuers, issuer) else { throw .otherIssuer }
    guard Self.contains(policy.audiences, audience) else { throw .otherAudience }
    // Beyond that, differences would not fit into the numbers of the messages.
    let now = min(max(Double(now), -0x1p60), 0x1p60)
    let leeway = Double(policy.leeway.components.seconds)
    // RFC 7519 section 4.1.4: valid before `exp` and not at it; the leeway moves the end without taking it in.
    guard now < expires + leeway else { throw .expired(seconds: Int64(now - expires)) }
    guard issuedAt <= now + leeway else { throw .notYetValid(.issuedAt, seconds: Int64(issuedAt - now)) }
    if let notBefore, notBefore > now + leeway { throw .notYetValid(.notBefore, seconds: Int64(notBefore - now)) }
    guard issuedAt <= expires else { throw .expiresBeforeIssued }
    let (life, limit) = (Int64(expires - issuedAt), policy.lifeLimit.components.seconds)
    guard expires - issuedAt <= Double(limit) else { throw .livesTooLong(seconds: life, limit: limit) }
    if policy.requiresEmail {
      guard let email else { throw .emailMissing }
      guard Self.contains(policy.emails, email) else { throw .otherEmail }
    }
    guard !policy.requiresVerifiedEmail || isEmailVerified else { throw .emailNotVerified }
  }

  /// Byte by byte: Swift's `==` on strings takes canonically equivalent spellings for equal.
  private static func contains(_ list: [String], _ text: String) -> Bool { list.contains { $0.utf8.elementsEqual(text.utf8) } }
}

extension JSONObject {
  fileprivate func text(_ claim: TokenRefusal.Claim) throws(TokenRefusal) -> String {
    guard let value = self[claim.rawValue] else { throw .claimMissing(claim) }
    guard let text = value.string, !text.isEmpty else { throw .claimMalformed(claim) }
    return text
  }

  /// A number that a double holds exactly enough: beyond 2^53 whole seconds get lost, and infinity would outlive every check.
  fileprivate func date(_ claim: TokenRefusal.Claim) throws(TokenRefusal) -> Double {
    guard let value = self[claim.rawValue] else { throw .claimMissing(claim) }
    guard let seconds = value.number?.double, seconds.magnitude <= 0x1p53 else { throw .claimMalformed(claim) }
    return seconds
  }

  /// One audience, as a string or as the only element of an array. Pub/Sub sends a string; a token for several audiences could be
  /// used by any of them against the others.
  fileprivate func audience() throws(TokenRefusal) -> String {
    guard let value = self["aud"] else { throw .claimMissing(.audience) }
    if let elements = value.array {
      guard elements.count == 1, let text = elements.first?.string, !text.isEmpty else { throw .claimMalformed(.audience) }
      return text
    }
    return try text(.audience)
  }
}
