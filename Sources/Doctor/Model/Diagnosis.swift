/// All checks with what they found, in their order. Made of facts alone, so the same facts give the same diagnosis.
package struct Diagnosis: Sendable {
    /// The findings, one a check.
    package let findings: [(name: CheckName, finding: Finding)]

    /// Judges facts.
    package init(_ facts: Facts) {
        self.init { name in facts.finding(name) }
    }

    /// Makes each check whose needs are met.
    init(_ check: (CheckName) -> Finding) {
        var findings: [(name: CheckName, finding: Finding)] = []
        var blocking: [CheckName: CheckName] = [:]
        for name in CheckName.allCases {
            let finding: Finding
            if let cause = name.needs.lazy.compactMap({ blocking[$0] }).first {
                let isSkipped = findings.contains {
                    $0.name == cause && $0.finding.verdict == .skipped
                }
                finding = .skipped(
                    "needs \(cause.rawValue), which \(isSkipped ? "was skipped" : "failed")"
                )
                blocking[name] = cause
            } else {
                finding = check(name)
                if finding.isBlocking { blocking[name] = name }
            }
            findings.append((name, finding))
        }
        self.findings = findings
    }

    /// The worst of all.
    package var verdict: Verdict { findings.map(\.finding.verdict).max() ?? .ok }

    /// 0 when all is well or skipped, 1 with warnings, 2 when something failed.
    package var exitStatus: Int32 {
        switch verdict {
        case .ok, .skipped: 0
        case .warning: 1
        case .failed: 2
        }
    }

    /// The finding of a check.
    package subscript(name: CheckName) -> Finding? {
        findings.first { $0.name == name }?.finding
    }
}

extension Facts {
    fileprivate func finding(_ name: CheckName) -> Finding {
        switch name {
        case .configuration: checkConfiguration()
        case .user: checkUser()
        case .directories: checkDirectories()
        case .consumers: checkConsumers()
        case .unit: checkUnit()
        case .reloadRights: checkReloadRights()
        case .dns: checkNames()
        case .tcp: checkConnections()
        case .tls: checkSecurity()
        case .etcdVersion: checkVersions()
        case .cluster: checkCluster()
        case .clock: checkClock()
        case .latency: checkLatency()
        case .login: checkLogin()
        case .permissions: checkPermissions()
        case .lease: checkLease()
        case .watch: checkWatch()
        case .files: checkFiles()
        case .reloads: checkReloads()
        case .instance: checkInstance()
        case .ports: checkPorts()
        }
    }
}
