internal import Logging

extension LogHandler {
    /// All the metadata of `event`. Of one key the nearest wins: what the statement itself says, then
    /// what the provider knows of the context, then what the logger carries.
    func effectiveMetadata(for event: LogEvent) -> Logger.Metadata {
        var result = self.metadata
        if let provided = self.metadataProvider?.get(), !provided.isEmpty {
            result.merge(provided) { _, nearer in nearer }
        }
        if let said = event.metadata, !said.isEmpty {
            result.merge(said) { _, nearer in nearer }
        }
        return result
    }
}
