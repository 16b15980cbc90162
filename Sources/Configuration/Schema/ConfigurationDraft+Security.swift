import Etcd
import Texts

// The user, the certificates, and the files that hold them.
extension ConfigurationDraft {
    /// What is wrong or doubtful with them, the files themselves included. Their content is not looked
    /// at: a certificate may be renewed while the daemon runs.
    func securityFindings(
        _ source: ConfigurationSource,
        seesAsDaemon: Bool
    ) -> ConfigurationFindings {
        var findings = ConfigurationFindings(faults: pairFaults(), warnings: unusedWarnings())
        for (key, file, isSecret) in files {
            guard let file else { continue }
            findings.add(
                look(at: file, key, isSecret: isSecret, source, seesAsDaemon: seesAsDaemon)
            )
        }
        return findings
    }

    private var files: [(key: String, file: Located<FilePlace>?, isSecret: Bool)] {
        [
            ("password_file", passwordFile, true), ("ca_file", caFile, false),
            ("cert_file", certFile, false), ("key_file", keyFile, true),
        ]
    }

    private func pairFaults() -> [ConfigurationFault] {
        [
            fault("username", username?.place, without: "password_file", passwordFile?.place),
            fault("password_file", passwordFile?.place, without: "username", username?.place),
            fault("cert_file", certFile?.place, without: "key_file", keyFile?.place),
            fault("key_file", keyFile?.place, without: "cert_file", certFile?.place),
        ].compactMap { $0 }
    }

    private func fault(
        _ key: String,
        _ place: SourcePlace?,
        without other: String,
        _ otherPlace: SourcePlace?
    ) -> ConfigurationFault? {
        guard let place, otherPlace == nil else { return nil }
        return finding(place, "\(key): needs \(other) beside it")
    }

    private func unusedWarnings() -> [ConfigurationFault] {
        let isTLS = (endpoints ?? []).contains { $0.value.scheme == .https }
        guard !isTLS else { return [] }
        let keys: [(String, SourcePlace?)] = [
            ("ca_file", caFile?.place), ("cert_file", certFile?.place),
            ("key_file", keyFile?.place), ("server_name", serverName?.place),
        ]
        return keys.compactMap { key, place in
            place.map { finding($0, "\(key): is not used, no endpoint starts with https://") }
        }
    }

    private func look(
        at file: Located<FilePlace>,
        _ key: String,
        isSecret: Bool,
        _ source: ConfigurationSource,
        seesAsDaemon: Bool
    ) -> ConfigurationFindings {
        var findings = ConfigurationFindings()
        if file.value.isCredential, source.credentials == nil {
            let sentence =
                "\(key): cannot be looked at, $CREDENTIALS_DIRECTORY is not set; systemd sets it for a "
                + "unit with LoadCredential="
            findings.warnings.append(finding(file.place, sentence))
            return findings
        }
        let path = file.value.path(credentials: source.credentials)
        do throws(ConfigurationSource.Failure) {
            let mode = try source.lookAtFile(path)
            if isSecret, mode.isReadableByOthers {
                let sentence =
                    "\(key): \(Quoted(path)) can be read by every user of this host; "
                    + "chmod 0640, chgrp to discoveryd's group"
                findings.warnings.append(finding(file.place, sentence))
            }
        } catch  where error.isRefusal && (file.value.isCredential || !seesAsDaemon) {
            // systemd 252 names the directory to the unit's ExecReload= too, but lets it not in.
            findings.warnings.append(
                finding(file.place, "\(key): can only be looked at by the daemon itself")
            )
        } catch {
            findings.faults.append(finding(file.place, "\(key): \(Quoted(path)) \(error.sentence)"))
        }
        return findings
    }

    private func finding(_ place: SourcePlace, _ sentence: String) -> ConfigurationFault {
        ConfigurationFault(at: place, table: "[etcd]", sentence)
    }
}
