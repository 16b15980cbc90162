import Machines
import Programs

/// The reload that a file takes where HAProxy cannot be told of it: asked for once for each file, after the output's
/// check, and believed when another process answers.
struct RuntimeReload: Sendable {
    /// The stage of the reload.
    enum State: Equatable, Sendable {
        /// None is needed. Can go to `checking`, `asked`, `unhelpful`.
        case none
        /// The output's check looks at the file. Can go to `asked`, `refused`; to `none` when the process turns out to
        /// have all of it.
        case checking(Request, number: Int)
        /// It was asked for. Can go to `done`; to `none` when the process turns out to have all of the file.
        case asked(Request)
        /// It is said to be done, and a new process is waited for: `systemctl reload` may end before there is one. Can go
        /// to `none`, `checking`, `asked`, `unhelpful`.
        case done(Request, until: Duration)
        /// The check rejected the file; it is asked again. Can go to `none`, `checking`, `asked`.
        case refused(ProgramFault, until: Duration)
        /// It was done, and did not help. Can go to `none`; to `checking`, `asked` when the file is replaced.
        case unhelpful(String)
    }

    /// A reload that is asked for.
    struct Request: Equatable, Sendable {
        var reason: String
        /// The file that it is asked for.
        var file: HAProxyFile?
        /// The process that it is to replace; `nil` when nobody is there.
        var process: HAProxyProcess?
        /// The number of replacements of the file up to that one.
        var replaced: Int
        /// Whether a program has accepted the file.
        var isChecked: Bool
    }

    /// The conclusion from the process that answers after a reload.
    enum Answer: Equatable, Sendable {
        /// No reload is said to be done.
        case none
        /// It is the new process, and has loaded this file or a newer one.
        case loaded(HAProxyFile?)
        /// It is the old one still.
        case waiting
        /// It is the old one, and no other will come.
        case unchanged
    }

    /// For how long a new process is waited for.
    private static let patience = Duration.seconds(30)
    /// For how long a file is left alone that the check rejected, or that could not be checked.
    private static let refusedFor = Duration.seconds(60)
    /// The number of times that the file may be replaced under the check, until it is reloaded all the same.
    private static let mostOvertaken = 3

    private let output: RuntimeOutput
    private(set) var state = State.none
    /// The replacement of the file for which a reload was asked last, the check rejected it, and a reload did not help.
    private var askedFor: Int?
    private var refusedAt: Int?
    private var unhelpfulAt: Int?
    /// Whether a check that rejected the file is to be asked again.
    private var isDueAgain = false
    private var lastRefusal: ProgramFault?
    /// The number of times in a row that the file was replaced under the check.
    private var overtaken = 0

    init(_ output: RuntimeOutput) {
        self.output = output
    }

    /// The status while there is a reload; `nil` when none is needed.
    var status: RuntimeStatus? {
        switch state {
        case .none: nil
        case .checking(let request, _), .asked(let request), .done(let request, _):
            .reloading(request.reason)
        case .refused(let fault, _): .different(fault.message)
        case .unhelpful(let reason): .different(reason)
        }
    }

    /// When a check that rejected the file is due again.
    var deadline: Duration? {
        if case .refused(_, let until) = state { until } else { nil }
    }

    // MARK: events

    /// File and process are about to be looked at.
    mutating func lookBegan(at now: Duration) {
        guard case .refused(let fault, let until) = state, until <= now else { return }
        state = .refused(fault, until: now + Self.refusedFor)
        isDueAgain = true
    }

    /// Somebody says that it is done.
    ///
    /// - Returns: Whether it was asked for.
    mutating func ended(at now: Duration) -> Bool {
        guard case .asked(let request) = state else { return false }
        state = .done(request, until: now + Self.patience)
        return true
    }

    /// A process answers.
    ///
    /// - Parameter isOther: Whether it is another one than at the last look.
    mutating func answered(_ process: HAProxyProcess, isOther: Bool, at now: Duration) -> Answer {
        guard case .done(let request, let until) = state else { return .none }
        if request.process.map({ !process.isSame(as: $0) }) ?? isOther {
            state = .none
            return .loaded(request.file)
        }
        guard until <= now else { return .waiting }
        state = .none
        return .unchanged
    }

    /// The process lacks something of the file that only a reload gives it.
    ///
    /// - Parameters:
    ///   - isRefused: Whether HAProxy refused to do it without one.
    ///   - number: For the check.
    mutating func needed(
        _ request: Request,
        isRefused: Bool,
        number: Int
    ) -> [RuntimeMachine.Action] {
        switch state {
        case .checking: return []
        case .asked(let earlier), .done(let earlier, _):
            let isIncluded =
                earlier.replaced == request.replaced
                || !isRefused && Self.isTold(from: earlier.file, to: request.file)
            return isIncluded ? [] : ask(request, number: number)
        case .refused:
            guard isDueAgain || refusedAt != request.replaced else { return [] }
            isDueAgain = false
            return ask(request, isNews: false, number: number)
        case .unhelpful(let earlier):
            guard unhelpfulAt == request.replaced else { return ask(request, number: number) }
            state = .unhelpful(request.reason)
            return earlier == request.reason ? [] : [report(.different, request.reason)]
        case .none:
            return askedFor == request.replaced
                ? differs(request.reason, at: request.replaced) : ask(request, number: number)
        }
    }

    /// HAProxy cannot be asked what it lacks of the file.
    ///
    /// - Parameter isNew: Whether the file was replaced since it could be asked.
    /// - Returns: `nil` when there is nothing to ask for.
    mutating func neededWhileAway(
        _ request: Request,
        isNew: Bool,
        number: Int
    ) -> [RuntimeMachine.Action]? {
        switch state {
        case .checking: return nil
        case .refused:
            guard isDueAgain || refusedAt != request.replaced else { return nil }
        case .none, .asked, .done, .unhelpful: guard isNew else { return nil }
        }
        isDueAgain = false
        if case .asked(let earlier) = state, earlier.replaced == request.replaced { return [] }
        return ask(request, isNews: false, number: number)
    }

    /// The check has looked at the file.
    ///
    /// - Parameter replaced: The number of replacements by now.
    /// - Returns: What to do, and the request whose file was replaced under the check; `nil` when it was another check.
    mutating func checked(
        _ fault: ProgramFault?,
        number: Int,
        replaced: Int,
        at now: Duration
    ) -> (actions: [RuntimeMachine.Action], overtaken: Request?, isGivenUp: Bool)? {
        guard case .checking(let request, number) = state else { return nil }
        let isOvertaken = replaced != request.replaced
        if isOvertaken {
            overtaken += 1
            if fault == nil, overtaken < Self.mostOvertaken {
                // It was another file that was accepted.
                (state, askedFor) = (.none, nil)
                return ([], request, true)
            }
        }
        overtaken = 0
        guard let fault else {
            state = .asked(request)
            return ([.reload(path: output.path)], isOvertaken ? request : nil, false)
        }
        let isNews = lastRefusal.map { !$0.isSame(as: fault) } ?? true
        (lastRefusal, refusedAt, isDueAgain) = (fault, request.replaced, false)
        state = .refused(fault, until: now + Self.refusedFor)
        let reports: [RuntimeMachine.Action] =
            isNews ? [.report(.reloadRefused(path: output.path, fault))] : []
        return (reports, isOvertaken ? request : nil, false)
    }

    /// The process has all of the file.
    mutating func becameNeedless() -> [RuntimeMachine.Action] {
        defer { (state, askedFor) = (.none, nil) }
        if case .asked = state { return [.cancelReload(path: output.path)] }
        return []
    }

    /// The process differs from the file, and no reload helps.
    mutating func differs(_ reason: String, at replaced: Int) -> [RuntimeMachine.Action] {
        unhelpfulAt = replaced
        defer { state = .unhelpful(reason) }
        return state == .unhelpful(reason) ? [] : [report(.different, reason)]
    }

    // MARK: asking

    private mutating func ask(
        _ request: Request,
        isNews: Bool = true,
        number: Int
    ) -> [RuntimeMachine.Action] {
        askedFor = request.replaced
        var actions = isNews ? [report(.needed, request.reason)] : []
        guard let check = output.check, !request.isChecked else {
            state = .asked(request)
            return actions + [.reload(path: output.path)]
        }
        // The one that was asked for would load a file that may be rejected.
        if case .asked = state { actions.append(.cancelReload(path: output.path)) }
        state = .checking(request, number: number)
        return actions + [.check(path: output.path, check.about(output.path), number: number)]
    }

    /// Whether a process that loaded one file can be told of the other.
    private static func isTold(from old: HAProxyFile?, to new: HAProxyFile?) -> Bool {
        guard let old, let new else { return false }
        return HAProxyFile.reloadReason(from: old, to: new) == nil
    }

    private enum Report {
        case needed, different
    }

    private func report(_ kind: Report, _ reason: String) -> RuntimeMachine.Action {
        switch kind {
        case .needed: .report(.reloadNeeded(path: output.path, reason: reason))
        case .different: .report(.different(path: output.path, reason: reason))
        }
    }
}
