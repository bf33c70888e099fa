package import Kubernetes

/// The configuration file, read and checked. Every setting has a default that is safe.
package struct Settings: Sendable {
  /// The directory of the log.
  package var state = "/var/lib/relaunch"
  /// The directory of EventSource, Sensor and WorkflowTemplate documents.
  package var rules = "/etc/relaunch/rules"
  /// The directory that maps images to workloads.
  package var mapping = "/etc/relaunch/mapping"
  package var push = ListenerSettings(address: "0.0.0.0", port: 8080)
  package var ops = ListenerSettings(address: "0.0.0.0", port: 9090)
  package var admin = ListenerSettings(address: "127.0.0.1", port: 8081)
  /// A file with the bearer token of the admin listener; needed where it is not on loopback.
  package var adminTokenFile: String?
  package var sources: [SourceSettings] = []
  package var kubernetes = KubernetesSettings()
  /// Restarts that run at the same time.
  package var workers = 4
  /// Do everything but the patch.
  package var isDryRun = false
  package var retry = RetrySettings()
  package var limits = LimitSettings()
  package var log = LogSettings()
  package var stop = StopSettings()
  /// Who is told of dead letters and of what became of them.
  package var notify: [NotifierSettings] = []
  /// nil: dead letters stay here.
  package var forward: ForwardSettings?
  /// `debug`, `info`, `warning` or `error`.
  package var logLevel = "info"

  package init() {}
}

/// Where one listener listens.
package struct ListenerSettings: Hashable, Sendable {
  /// An address or a host name of this machine.
  package var address: String
  /// 0 asks the system for a free one.
  package var port: UInt16
  /// nil: without TLS.
  package var tls: TLSSettings?
  /// A file that gets a line with the path of each request that reaches the service, for tests of the HTTP code.
  package var dispatchLog: String?

  package init(address: String, port: UInt16, tls: TLSSettings? = nil, dispatchLog: String? = nil) {
    self.address = address
    self.port = port
    self.tls = tls
    self.dispatchLog = dispatchLog
  }
}

/// The PEM files of a listener with TLS. They are read again when they change.
package struct TLSSettings: Hashable, Sendable {
  /// The certificate, then its intermediates.
  package var certificate: String
  package var key: String
  /// Where given, a client must show a certificate from one of these authorities.
  package var clientAuthorities: String?

  package init(certificate: String, key: String, clientAuthorities: String? = nil) {
    self.certificate = certificate
    self.key = key
    self.clientAuthorities = clientAuthorities
  }
}

/// One `POST /push/<name>`.
package struct SourceSettings: Sendable {
  /// When a push is answered 2xx.
  package enum Acknowledgement: String, Sendable {
    /// As soon as the event is durable.
    case journaled
    /// Once every job of the event has ended. Pub/Sub's acknowledgement deadline must allow for that.
    case completed
  }

  package let name: String
  /// nil: anyone may push. Only with a push listener on loopback.
  package var authentication: AuthenticationSettings?
  package var acknowledgement = Acknowledgement.journaled
}

/// Whose tokens a source accepts.
package struct AuthenticationSettings: Sendable {
  package enum Keys: Hashable, Sendable {
    case url(String)
    case file(String)
    /// A JWK set written into the configuration.
    case inline(String)
  }

  package var issuers: [String] = []
  package var audiences: [String] = []
  package var emails: [String] = []
  package var requiresEmail = true
  package var requiresVerifiedEmail = true
  package var leeway = Duration.seconds(60)
  package var algorithms = ["RS256"]
  package var keys: Keys
}

package struct KubernetesSettings: Sendable {
  /// nil: in-cluster, else `KUBECONFIG`, else `~/.kube/config`.
  package var kubeconfig: String?
  package var context: String?
  package var namespaces = NamespacePolicy.only(["default"])
  package var callDeadline = Duration.seconds(10)
  /// How far our clock and Pub/Sub's may differ. A restart counts as later than an event only beyond it.
  package var clockSkew = Duration.seconds(2)
  /// Whether restarts are watched until their rollouts end. They are in any case where somebody wants to hear of failed ones.
  package var watchesRollouts = false
  /// Failures of the API server in a row after which restarts wait for it; 0 for never.
  package var circuitFailures = 5
  /// How often one restart is tried while they wait.
  package var circuitProbe = Duration.seconds(30)
}

package struct RetrySettings: Sendable {
  package var attempts = 60
  package var baseDelay = Duration.seconds(1)
  package var maximumDelay = Duration.seconds(300)
  /// A job that is older when an attempt fails is given up; zero for no limit.
  package var deadline = Duration.seconds(86_400)
}

package struct LimitSettings: Sendable {
  /// The content of one push, in bytes.
  package var contentBytes = 256 << 10
  /// Pushes that wait for the log at one time; more are answered 429.
  package var inFlight = 512
  /// Events and jobs that are not finished; more pushes are answered 429.
  package var backlog = 10_000
  /// Restarts in one namespace at the same time, and restarts of one trigger; 0 for no limit but `workers`.
  package var workersPerNamespace = 0
  package var workersPerTrigger = 0
  /// Events that memory keeps beside the unfinished ones and those with dead letters, for `/events`.
  package var history = 50_000
  /// The newest messages that are remembered, for telling redeliveries.
  package var knownMessages = 200_000
  package var deadLetters = 10_000
  /// About what memory may hold for the list of dead letters, in bytes.
  package var deadLetterBytes = 64 << 20
  /// Open connections of each listener.
  package var connections = 1024
  /// Open connections from one address other than loopback; 0 for no limit.
  package var connectionsPerAddress = 256
  /// Requests on one connection.
  package var requestsPerConnection = 10_000
  /// Requests at one time on one connection with HTTP/2.
  package var streams = 100
  /// The head of one request, in bytes.
  package var headBytes = 16 << 10
  /// The rate at which content must come, in bytes a second; 0 for any.
  package var contentBytesPerSecond = 1024
  /// Output that a peer does not read, in bytes.
  package var unsentBytes = 256 << 10
  package var handshakeDeadline = Duration.seconds(10)
  package var headDeadline = Duration.seconds(10)
  package var contentDeadline = Duration.seconds(30)
  package var idleDeadline = Duration.seconds(75)
  package var writeDeadline = Duration.seconds(10)
  package var answerDeadline = Duration.seconds(120)
}

/// The size of the log.
package struct LogSettings: Sendable {
  /// All its files, in bytes. Before they reach it the oldest segments go; where what must be kept reaches it, new events are refused.
  package var bytes = 1 << 30
  /// One segment, in bytes: what goes at a time.
  package var segmentBytes = 64 << 20
}

/// What happens between SIGTERM and the end.
package struct StopSettings: Sendable {
  /// How long pushes are still taken while readiness says no, until nobody sends any more.
  package var lameDuck = Duration.seconds(5)
  /// How long requests under way may take after that.
  package var requests = Duration.seconds(10)
  /// How long restarts under way may take after that.
  package var jobs = Duration.seconds(10)
}
