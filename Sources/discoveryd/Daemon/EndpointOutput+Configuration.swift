import EndpointFiles

extension EndpointOutput {
    /// The file of a configured output.
    init(_ output: Configuration.Output) {
        self.init(path: output.path, services: output.services, mode: UInt32(output.mode.bits))
    }
}
