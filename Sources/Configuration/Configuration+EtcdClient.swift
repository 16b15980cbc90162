package import Etcd

extension EtcdClient.Configuration {
    /// The client of a configuration.
    package init(_ etcd: Configuration.Etcd) {
        self.init(endpoints: etcd.endpoints)
        order = etcd.order
        dialTimeout = etcd.dialTimeout
        let credentials = ConfigurationSource.credentialsDirectory
        tls = EtcdClient.TLS(
            caFile: etcd.caFile?.path(credentials: credentials),
            certificateFile: etcd.certFile?.path(credentials: credentials),
            keyFile: etcd.keyFile?.path(credentials: credentials),
            serverName: etcd.serverName
        )
        if let username = etcd.username, let file = etcd.passwordFile {
            self.credentials = EtcdClient.Credentials(
                username: username,
                passwordFile: file.path(credentials: credentials)
            )
        }
    }

    /// The errors in the content of the files that it names, a sentence each. They may change while
    /// the daemon runs, and so are no fault of the configuration.
    package var fileTroubles: [String] {
        var troubles: [String] = []
        do throws(EtcdError) {
            if endpoints.contains(where: { $0.scheme == .https }) { troubles += try tls.check() }
        } catch {
            troubles.append(error.message)
        }
        do throws(EtcdError) {
            _ = try credentials?.password()
        } catch {
            troubles.append(error.message)
        }
        return troubles
    }
}
