package import Logging
import Systemd

/// A message that the daemon logs at notice, warning or error.
///
/// Its raw value is the journal's `MESSAGE_ID=`, see systemd.journal-fields(7). Programs and people
/// search for it, so it stays as it is for as long as the message means the same; a message with
/// another meaning is a new case. `systemd-id128 new` makes one. For each warning and error
/// `packaging/discoveryd.catalog` says what it means and what can be done: `journalctl -x` shows that.
package enum LogMessage: String, CaseIterable, Sendable {
    // MARK: configuration

    case configurationInvalid = "27aaa43386114825ad653a6968fb035b"
    case configurationPartRefused = "31f66a4b2ad44f2898c924934805db6d"
    case configurationDoubtful = "22992a9797ad4f03b7d98b4ef130dd89"
    case configurationNotReloaded = "09f870a52c8a49eab14eb4590ea54f72"
    case configurationNeedsRestart = "3578d0060ff34127820ed3b474357f34"
    case configurationReloaded = "682c719ff4ee47238de1376ca495b005"

    // MARK: start and stop

    case ready = "e65609bad0f342fca7dc614b15b43274"
    case readyDegraded = "c8b021598f0549b3a3ef8a3e662e4bfb"
    case alreadyRunning = "77bfa78a1f47444c9bc4573b92eaff4f"
    case waitingForPredecessor = "98f8099d22264684ade95ee574bc8f15"
    case stoppedDuringStart = "44c928eb645f45d8a82f289d5ffa1f48"
    case hostUnidentified = "f14a6ec651bd4eb5a4a543084de95bd1"
    case stateDirectoryHangs = "0fd0ff65323c47e3a00956586e01b4f3"
    case stateNotFlushed = "13bb4485a4844e2c835418f07b2b591d"

    // MARK: connection to etcd

    case etcdConnected = "1931ec1426e64288911814ec4637318d"
    case etcdConnectionLost = "1e0799c6114748e7bb7ae3f2bb3c3659"
    case etcdConnectionFailed = "41a646225490461c915d1a46ccd65ba5"
    case etcdTLSFilesDoubtful = "da835428841744ddb63dad31d5fff978"
    case etcdClustersMixed = "ebe4444fdec14849b137b1b51dc263a5"

    // MARK: lease

    case leaseLost = "4a1ef3819f0849a58af129faf985e0e7"
    case leaseShared = "8e69851c8a354c358962ebf98d8c53b2"
    case leaseDoubtful = "4317b9009ac5431f961dbffbc8996c95"
    case leaseNotGranted = "65df13d6a8674b269c94489702c175f1"
    case leaseNotRevoked = "d96312cc2cfc4a378785ec259b8ef15a"
    case leaseNotSaved = "3b0f67b9fd424d6aa1a8473f56b45df6"

    // MARK: registrations

    case registered = "8fa5e2c95204465f977ae006b6639ba1"
    case registrationUpdated = "2691f6591b9f4e51a1d2ea27d1cf894c"
    case registrationFailed = "91378f632a74484abb892be50dc919b5"
    case registrationRefused = "7a2dec29da034f4cb408f573b12a4c73"
    case registrationKeyDeleted = "fbd17562e2064de481200016e8f819e1"
    case registrationKeyOverwritten = "c511b64a8f0c4d0685cc444a87b74312"
    case registrationContested = "97105dbacdef4eef85dd6edd90465c90"
    case companionHeld = "7e62fc055fdf4cba82b2d9130d8d5915"
    case deregistered = "09ade60bd25b427f9a984c776711ca8a"
    case allDeregistered = "c4a5be77e13d471888baf71987980c91"
    case registrationsKept = "b2aed258a69548ce8e9d6104dfe2d3fa"
    case addressMissing = "b1b78eb7326045aea7eb427f26d3b74c"
    case addressChanged = "b24d0e20857a409cbb686db8f65bff80"
    case serviceUnusable = "1371ce9318be4f8d827de5d901576f87"

    // MARK: drains

    case draining = "09714334709d4d62bea3905d4ffcd5ce"
    case drainingStill = "801fe1998fa44abd97fb9a4f7f63b71f"
    case drainingBeforeStop = "c6612b0ee5464500a96f7bbc575d2848"
    case drainEnded = "bbb27b4f8df64bc2bd0b2514630b5f43"
    case drainExpired = "630411e71dea4e5d97db5d83e25e7569"
    case drainsNotSaved = "c8bced3f9aae4d13b07985b59b35902f"

    // MARK: health checks

    case healthPassed = "9439e35c52384af39163cb3baccc10f5"
    case healthFailed = "7f0747eaf14141fd8c786ffcbfef76e5"
    case flappingBegan = "5cc56830feea4c05b3228364af1eb679"
    case flappingEnded = "e2ecd0f0e04f4af5ba37b2c6783c14f3"
    case healthNotSaved = "8037f81a97e344ff97e5938346f6f5db"
    case unitsUnwatched = "3025f1994a0049f1b60ac8cc407cf3e8"
    case unitsWatched = "ebc6c2d57b374a558eb54912129fef91"
    case unitUnwatchable = "17c4294da1b94ccd8bc8400c511a1271"

    // MARK: endpoint list

    case listStale = "d919da3877434b70ba3144e201972e70"
    case listNotRead = "5af3b32dc95e4eb0b068116cd5b0e37e"
    case listDiverged = "8176d07de5424142a14d2ab6ecf90f8c"
    case etcdRestored = "b0bc0651b877426bbb7b8f73c093d653"
    case etcdReplaced = "01e2b5b0d134435db3f88c2c5492a6de"
    case progressUnanswered = "3deb8a87d1d0471e83b30629b8bbb070"
    case massLoss = "a7b136654f884085abe9a613ac9bdd38"
    case massLossEnded = "2e83c8a1cce344bca03c9e4de33a1cd8"
    case limitsExceeded = "5c19aa27b5474e68b2e5d00fd8f3e32c"
    case limitsKept = "744093ffa2f04089a53af3a04171fb2a"
    case recordInvalid = "5420a77a87b242c2ad363c0ed59f611d"
    case recordsInvalid = "8824113027ff4aec8474422c77275374"

    // MARK: files

    case fileKept = "491da6aea0e6422fa9c016fa1c209d28"
    case fileNotWritten = "024cd5295bfa430db726863f8adf5d31"
    case listRejected = "ec885629a1a448aaa5ee631ea105d96a"
    case templateFailed = "022446eb90c543c69a6523cf881d884f"
    case programFailed = "ea53257e8d6a4d59bc20da4d36db4c8e"
    case fileAltered = "ee31f25bc28d44ac94dda9d48ca1f3b6"
    case endpointSkipped = "7a3d1669023e48d8bed9325cb0ae45e0"
    case endpointsSkipped = "1bedd1df50784ca1be786df6e03b26ff"
    case spillBegan = "0aa5c570ff5b4cdca9fbc3ca2c82218b"
    case spillsBegan = "d31e8ade399b49068b5d623bf181c6d6"
    case spillEnded = "c176e8dcf0b44d3bb402e4112c4fc731"
    case outputRemoved = "99bb2b28d5d34529ab919044b5bb88c8"
    case reloadFailed = "cde9897526984c1f8ef16bdbfb21746e"
    case runtimeUnreachable = "2bc9b13884f1456db6eba7a0aa9de18b"
    case runtimeReachable = "b98bbc23040a4d3db4160dc6014d22a5"
    case runtimeDifferent = "21b44b24bc3140779b770ac19020e0f5"
    case runtimeReloadRejected = "e3036084a4634af1947ead7d0b0415d5"
    case runtimeReloadNeeded = "37e14edc8f8147b68db9e5c33b48926b"
    case runtimeSetByHand = "b15eba7ca5aa4559ba07c74a0d0748a0"
    case lastListNotSaved = "fcf207bbb4634cbeae7f17b2b02e9c51"
    case statusFileNotWritten = "28424510946d4735a6fce318feebaed4"

    // MARK: the daemon itself

    case ioHangs = "f593c2acb48f407ab47e59b6ad428db0"
    case ioAnswers = "41056e2285d74d919cac05767465bcb0"
    case logEntriesLeftOut = "e369068e773c496d9fe56924f5e8482f"
    case controlSocketFailed = "c144dc230b7c43e2802a6a9383dfb93d"
    case controlSocketReady = "502889cf86cd4faba43f69e3aa51a589"
    case metricsFailed = "97d115c2e14349b293c19679b8ad64d6"
    case notificationFailed = "478d521db49a4ee390b8d146ae21e6db"
    case watchdogWithheld = "c10b3410d29549549aa67e9adf47d747"
    case watchdogResumed = "79a47b0d99864d3bb54a00bcd5a9e203"

    /// How urgent it is.
    package var level: Logger.Level { definition.level }

    /// What happened: the beginning of the line in the log.
    package var text: String { definition.text }

    private var definition: (level: Logger.Level, text: String) {
        switch self {
        case .configurationInvalid: (.error, "configuration error")
        case .configurationPartRefused: (.error, "output disabled by a configuration error")
        case .configurationDoubtful: (.warning, "configuration warning")
        case .configurationNotReloaded:
            (.error, "configuration reload failed; the old configuration stays in force")
        case .configurationNeedsRestart:
            (.warning, "configuration change takes effect only after a restart")
        case .configurationReloaded: (.notice, "configuration reloaded")
        case .ready: (.notice, "ready")
        case .readyDegraded: (.warning, "start timeout expired; reporting ready nevertheless")
        case .alreadyRunning: (.error, "another discoveryd is running")
        case .waitingForPredecessor: (.notice, "waiting for the previous discoveryd to exit")
        case .stoppedDuringStart: (.notice, "stopped during the start")
        case .hostUnidentified: (.error, "could not determine the identity of this host")
        case .stateDirectoryHangs:
            (.warning, "start delayed: the disk of the state directory does not respond")
        case .stateNotFlushed:
            (
                .warning,
                "could not save the state before exit: the disk of the state directory does not respond"
            )
        case .etcdConnected: (.notice, "connected to etcd")
        case .etcdConnectionLost: (.warning, "etcd connection lost")
        case .etcdConnectionFailed: (.warning, "connection to etcd failed")
        case .etcdTLSFilesDoubtful: (.warning, "problem with the TLS files for etcd")
        case .etcdClustersMixed: (.error, "endpoints belong to different etcd clusters")
        case .leaseLost: (.warning, "etcd lease lost; requesting a new one")
        case .leaseShared:
            (.error, "another host with the same machine-id uses this lease; requesting a new one")
        case .leaseDoubtful:
            (.warning, "no answer from etcd for a whole TTL; the registrations may have expired")
        case .leaseNotGranted: (.warning, "lease grant failed")
        case .leaseNotRevoked: (.warning, "could not revoke the lease; its keys expire with it")
        case .leaseNotSaved:
            (
                .warning,
                "could not save the lease; the next restart will interrupt the registrations"
            )
        case .registered: (.notice, "registered")
        case .registrationUpdated: (.notice, "registration updated")
        case .registrationFailed: (.warning, "registration failed")
        case .registrationRefused: (.warning, "registration refused")
        case .registrationKeyDeleted:
            (.warning, "registration deleted by another etcd client; restoring it")
        case .registrationKeyOverwritten:
            (.warning, "registration overwritten by another etcd client; restoring it")
        case .registrationContested:
            (
                .warning,
                "registration is deleted or overwritten repeatedly; restoring it with increasing delay"
            )
        case .companionHeld:
            (.warning, "companion record for CoreDNS is held by another host and not replaced")
        case .deregistered: (.notice, "deregistered")
        case .allDeregistered: (.notice, "all services deregistered")
        case .registrationsKept: (.notice, "registrations kept for the next run")
        case .addressMissing: (.warning, "no address to register")
        case .addressChanged: (.notice, "address of this host changed")
        case .serviceUnusable: (.error, "service cannot be registered")
        case .draining: (.notice, "draining")
        case .drainingStill: (.notice, "still draining, as before the restart")
        case .drainingBeforeStop: (.notice, "draining before deregistering")
        case .drainEnded: (.notice, "drain ended")
        case .drainExpired: (.notice, "drain ended after the requested time")
        case .drainsNotSaved: (.warning, "could not save the drains for the next run")
        case .healthPassed: (.notice, "health check passed")
        case .healthFailed: (.warning, "health check failed, deregistered")
        case .flappingBegan:
            (
                .warning,
                "service is flapping; not registered for now although its health checks pass"
            )
        case .flappingEnded: (.notice, "service is no longer flapping")
        case .healthNotSaved: (.warning, "could not save the health of services for the next run")
        case .unitsUnwatched:
            (.warning, "could not watch systemd units; health checks use their last known state")
        case .unitsWatched: (.notice, "watching systemd units again")
        case .unitUnwatchable: (.warning, "could not watch a systemd unit")
        case .listStale: (.warning, "endpoint list may be stale")
        case .listNotRead: (.warning, "could not read the endpoint list")
        case .listDiverged: (.error, "endpoint list had missed a change; reading it again")
        case .etcdRestored:
            (.error, "etcd was restored from an older state; the endpoint list follows it")
        case .etcdReplaced:
            (.error, "connected to a different etcd cluster; the endpoint list follows it")
        case .progressUnanswered:
            (.notice, "no answers to watch progress requests; comparing key counts instead")
        case .massLoss:
            (.error, "most endpoints disappeared at once without deregistering; held in the files")
        case .massLossEnded: (.notice, "no disappeared endpoints are held any more")
        case .limitsExceeded: (.error, "service exceeds [limits]; its endpoints are not updated")
        case .limitsKept: (.notice, "all services fit within [limits] again")
        case .recordInvalid: (.warning, "invalid record in etcd skipped")
        case .recordsInvalid: (.warning, "more invalid records in etcd skipped")
        case .fileKept: (.warning, "file not updated")
        case .fileNotWritten: (.error, "could not write file")
        case .listRejected: (.error, "program rejected the new list; the old file stays")
        case .templateFailed: (.error, "template could not be rendered; the old file stays")
        case .programFailed: (.error, "program for the new list failed; the old file stays")
        case .fileAltered:
            (.warning, "file deleted or changed by another program; writing it again")
        case .endpointSkipped: (.warning, "endpoint skipped, the file format cannot represent it")
        case .endpointsSkipped: (.warning, "more endpoints skipped in the file")
        case .spillBegan:
            (.notice, "too few usable endpoints in the preferred zone; traffic spills to others")
        case .spillsBegan: (.notice, "more services spill to other zones")
        case .spillEnded: (.notice, "traffic no longer spills to other zones")
        case .outputRemoved:
            (.notice, "output no longer configured; its file stays and is not updated")
        case .reloadFailed: (.error, "reload failed; the service still uses the old file")
        case .runtimeUnreachable:
            (.warning, "could not ask HAProxy at its socket; it is reloaded for each change")
        case .runtimeReachable: (.notice, "connected to HAProxy's socket again")
        case .runtimeDifferent:
            (.error, "running HAProxy differs from the file although it was reloaded")
        case .runtimeReloadRejected:
            (.error, "program rejected the file; HAProxy is not reloaded")
        case .runtimeReloadNeeded: (.notice, "change needs a reload of HAProxy")
        case .runtimeSetByHand: (.notice, "servers of HAProxy set by hand are left as they are")
        case .lastListNotSaved:
            (.warning, "could not save the endpoint list for a start without etcd")
        case .statusFileNotWritten: (.warning, "could not write the status file")
        case .ioHangs: (.warning, "disk or name server does not respond; what depends on it waits")
        case .ioAnswers: (.notice, "disk or name server responds again")
        case .logEntriesLeftOut:
            (.warning, "log entries left out, because nobody took those before them")
        case .controlSocketFailed: (.warning, "control socket not available")
        case .controlSocketReady: (.notice, "control socket available again")
        case .metricsFailed: (.warning, "metrics not available")
        case .notificationFailed: (.warning, "could not notify systemd")
        case .watchdogWithheld: (.error, "internal loop is stuck; watchdog keep-alive withheld")
        case .watchdogResumed: (.notice, "internal loop runs again; watchdog keep-alive resumed")
        }
    }
}

extension Logger {
    /// Logs a message with its id: its text, then what is particular to this time.
    ///
    /// - Parameters:
    ///   - detail: Why, or which one; it follows the text after a colon.
    ///   - level: How urgent it is this time; the message's own level unless given.
    package func log(
        _ message: LogMessage,
        _ detail: String? = nil,
        level: Logger.Level? = nil,
        metadata: Logger.Metadata = [:],
        file: String = #fileID,
        function: String = #function,
        line: UInt = #line
    ) {
        var metadata = metadata
        metadata[JournalLogHandler.messageIDKey] = "\(message.rawValue)"
        let end = detail.map { ": \($0)" } ?? ""
        log(
            level: level ?? message.level,
            "\(message.text)\(end)",
            metadata: metadata,
            file: file,
            function: function,
            line: line
        )
    }
}
