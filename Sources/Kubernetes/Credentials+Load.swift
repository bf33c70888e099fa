import JSON
import YAML

extension Credentials {
  /// The credentials that are meant: the kubeconfig at `path` if one is named, else those of the pod we run in, else the files
  /// that `KUBECONFIG` lists, else `~/.kube/config`.
  ///
  /// Blocks its thread; called when the server starts.
  /// - Parameter context: the kubeconfig's context to use; nil for its current one.
  package static func load(
    kubeconfig path: String?, context: String? = nil, environment: [String: String], files: FileSource = .disk
  ) throws(CredentialsError) -> Credentials {
    if let path { return try fromKubeconfigs([path], context: context, files: files) }
    if let credentials = try inCluster(environment: environment, files: files) { return credentials }
    var tried = ["the environment variable KUBERNETES_SERVICE_HOST"]
    if let list = environment["KUBECONFIG"], !list.isEmpty {
      let named = list.split(separator: ":").map(String.init)
      // kubectl, too, skips those that are not there, so that one list serves several machines.
      let present = named.filter(files.exists)
      if !present.isEmpty { return try fromKubeconfigs(present, context: context, files: files) }
      tried += named
    } else if let home = environment["HOME"], !home.isEmpty {
      let path = home + "/.kube/config"
      if files.exists(path) { return try fromKubeconfigs([path], context: context, files: files) }
      tried.append(path)
    }
    throw .nowhere(tried: tried)
  }

  private static func fromKubeconfigs(
    _ paths: [String], context: String?, files: FileSource
  ) throws(CredentialsError) -> Credentials {
    var documents: [Kubeconfig.File] = []
    for path in paths { documents.append((path, try document(path, files))) }
    return try Kubeconfig(documents, source: files).credentials(context: context)
  }
  private static func document(_ path: String, _ files: FileSource) throws(CredentialsError) -> JSONValue {
    let bytes = try files.read(path)
    do throws(YAMLError) {
      if let document = try YAMLStream.parse(bytes).first, document.members != nil { return document.json }
    } catch {
      throw .field(file: path, field: "line \(error.position.line)", problem: error.sentence, fix: "write it as kubectl does")
    }
    throw .field(file: path, field: "content", problem: "is no kubeconfig", fix: "write it as kubectl does, or name another file")
  }
}
