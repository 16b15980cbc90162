import EndpointFiles

extension EndpointOutput {
    /// The file that the configuration describes.
    init(_ output: Configuration.Output) {
        self.init(path: output.path, services: output.services, mode: UInt32(output.mode.bits))
        keepsWhenEmpty = output.onEmpty == .keep
        least = output.minEndpoints
        hold = output.hold
    }
}
