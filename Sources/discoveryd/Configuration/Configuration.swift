import Registry

/// What discoveryd is told to do: the configuration files, merged, checked and with every default
/// in its place.
///
/// An empty configuration is valid: a host that registers nothing and writes all services to the
/// standard output file.
struct Configuration: Equatable, Sendable {
    /// Where the registry is.
    var etcd = Etcd()
    /// How long a registration outlives its host.
    var lease = Lease()
    /// What starting means.
    var start = Start()
    /// What is told to Prometheus. Default: nothing.
    var metrics = Metrics()
    /// How much of etcd is kept in memory. Beyond it the largest services are left out.
    var limits = ListLimits.standard
    /// What this host registers, in the order of the files. Default: nothing. No two are the same
    /// instance.
    var services: [Service] = []
    /// Which files are written, in the order of the files. Default: ``Output/standard``; none with
    /// `outputs = []`. No two have the same path.
    var outputs: [Output] = [.standard]

    /// How long any of the outputs shows endpoints that etcd lost.
    var longestHold: Duration { outputs.map(\.hold).max() ?? .zero }
}
