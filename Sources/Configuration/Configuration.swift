package import Registry

/// What discoveryd is told to do: the configuration files, merged, checked and with every default
/// in its place.
///
/// An empty configuration is valid: a host that registers nothing and writes all services to the
/// standard output file.
package struct Configuration: Equatable, Sendable {
    /// Where the registry is.
    package var etcd = Etcd()
    /// How long a registration outlives its host.
    package var lease = Lease()
    /// What starting means.
    package var start = Start()
    /// What is told to Prometheus. Default: nothing.
    package var metrics = Metrics()
    /// How much of etcd is kept in memory. Beyond it the largest services are left out.
    package var limits = ListLimits.standard
    /// What this host registers, in the order of the files. Default: nothing. No two are the same
    /// instance.
    package var services: [Service] = []
    /// Which files are written, in the order of the files. Default: ``Output/standard``; none with
    /// `outputs = []`. No two have the same path.
    package var outputs: [Output] = [.standard]

    /// What an empty configuration says.
    package init() {}

    /// How long any of the outputs shows endpoints that etcd lost.
    package var longestHold: Duration { outputs.map(\.hold).max() ?? .zero }
}
