import Machines
import Registry

@testable import EndpointFiles

// What the tests of the publisher say, in short.

/// A write that a machine wants begun.
struct BegunWrite {
    var output: EndpointOutput
    var update: TableUpdate
    var number: Int
}

extension [PublisherMachine.Action] {
    /// The writes that are to begin.
    var writes: [BegunWrite] {
        compactMap { action in
            if case .write(let output, let update, let number) = action {
                BegunWrite(output: output, update: update, number: number)
            } else {
                nil
            }
        }
    }

    /// The numbers of the looks whether there is a file.
    var looks: [Int] {
        compactMap { if case .look(_, let number) = $0 { number } else { nil } }
    }
}

extension PublisherMachine {
    /// A machine with these outputs and no list.
    init(_ outputs: [EndpointOutput]) {
        self.init(generator: SeededGenerator(seed: 3))
        _ = outputsChanged(to: outputs, at: .zero)
    }

    /// Whether each output holds a list, or a file that is kept on purpose.
    var hasWrittenAll: Bool { writtenRevision != nil }

    /// The writes among these actions end, each well.
    mutating func settle(_ actions: [Action]) {
        for write in actions.writes {
            _ = writeEnded(
                write.output.path,
                number: write.number,
                revision: 42,
                bytes: 1,
                at: .zero
            )
        }
    }
}

extension EndpointPublisher {
    /// Whether each output holds a list, or a file that is kept on purpose.
    var hasWrittenAll: Bool { writtenRevision != nil }

    /// Whether each output holds all that it shows of the list up to `revision`.
    func hasWritten(upTo revision: Revision) -> Bool {
        writtenRevision.map { $0 >= revision } ?? false
    }
}
