import EndpointFiles
import Files
import Programs
import Registry

// What `discoveryd wait` waits for.
extension DaemonState {
    /// The revision that a list has which shows enough endpoints, or what is missing.
    enum Supply: Equatable {
        case enough(at: Revision)
        case lacking(String)
    }

    /// Whether the list is current and has as many endpoints that do not drain, of one service or of all.
    func supply(of service: ServiceName?, atLeast wanted: Int) -> Supply {
        guard listState == .current, let list else {
            return .lacking("the list is not current: \(listState.rawValue)")
        }
        let names = service.map { [$0] } ?? list.table.names
        let found = names.reduce(0) { sum, name in
            sum + list.table.endpoints(of: name).count { $0.state == .up }
        }
        guard found >= wanted else {
            let what = service.map { "\($0) has" } ?? "there are"
            return .lacking("\(what) \(found) of \(wanted) endpoints")
        }
        return .enough(at: list.revision)
    }

    /// What is missing for every output to hold the list up to a revision; `nil` when nothing is.
    func lackOfFiles(upTo revision: Revision) -> String? {
        guard let written, written >= revision else { return "some files do not hold the list yet" }
        for (path, status) in outputs.sorted(by: { $0.key < $1.key }) {
            switch status {
            case .kept(let reason): return "\(path) not updated: \(reason)"
            case .failed(let error): return "\(path): \(error.message)"
            case .refused(let fault): return "\(path) not updated: \(fault)"
            case .waiting, .pending, .current: continue
            }
        }
        return nil
    }
}
