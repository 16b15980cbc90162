package import EndpointFiles
import Files
import Programs

extension EndpointOutput {
    /// The file that the configuration describes.
    package init(_ output: Configuration.Output) {
        self.init(
            path: output.path,
            services: output.services,
            format: output.format.list(
                under: output.domain,
                resolvers: output.resolvers,
                options: output.serverOptions,
                template: output.template
            ),
            filter: output.filter,
            includeDraining: output.includeDraining,
            header: output.header
        )
        access = FileAccess(
            mode: UInt32(output.mode.bits),
            owner: output.owner?.id,
            group: output.group?.id
        )
        zones = output.zones
        wait = output.wait
        onEmpty = output.onEmpty == .keep ? .keep : .write
        minEndpoints = output.minEndpoints
        hold = output.hold
        command = output.command.map { ProgramCall($0, limit: output.timeout) }
        hasReload = output.reload != nil
        hasRuntime = output.runtime != nil
        check = output.check.map { ProgramCall($0, limit: output.timeout) }
    }
}

extension Configuration {
    /// The files whose changes are applied to the running HAProxy.
    package var runtimeOutputs: [RuntimeOutput] {
        outputs.compactMap { output in
            output.runtime.map { socket in
                RuntimeOutput(
                    path: output.path,
                    socket: socket,
                    drainBeforeDelete: output.drainBeforeDelete,
                    check: output.check.map { ProgramCall($0, limit: output.timeout) }
                )
            }
        }
    }

    /// The reloads after files were replaced, by the path of the file.
    package var reloads: [String: ReloadAction] {
        let named = outputs.compactMap { output in output.reload.map { (output.path, $0) } }
        return Dictionary(named) { first, _ in first }
    }
}
