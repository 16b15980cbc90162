import Certificates
import Machines

/// Looks at the files that the TLS of a connection was made of, and leaves the connection when they have changed
/// and a new one can be made with them: runs a ``TLSFilesMachine``. A fleet whose files were replaced by wrong ones
/// goes on.
struct TLSFilesWatch: Sendable {
    private typealias Driver = MachineDriver<TLSFilesMachine>

    let connection: MemberConnection
    let configuration: EtcdClient.Configuration
    let timeline: Timeline
    /// Makes a second connection and asks the member over it.
    let tryNew: @Sendable () async throws(EtcdError) -> Void
    /// Told what was read, each time.
    let read: @Sendable (TLSMaterial) -> Void
    /// Told what people should know.
    let report: @Sendable (String) -> Void

    /// Looks until the task is cancelled. Does nothing for a connection without TLS.
    func run() async {
        guard let material = connection.material else { return }
        let machine = TLSFilesMachine(
            inUse: material.files,
            validity: material.validity,
            interval: configuration.filesInterval,
            generator: SeededGenerator(
                seed: configuration.seed &+ UInt64(truncatingIfNeeded: connection.number)
            )
        )
        let driver = MachineDriver(machine, timeline: timeline)
        driver.happened { machine, now in
            machine.started(wall: CertificateValidity.now, at: now)
        }
        await driver.run { action in
            switch action {
            case .read: return { await readFiles(driver) }
            case .tryNew: return { await moveOn(driver) }
            case .tryOut: return { await tryOut(driver) }
            case .report(let sentence): report(sentence)
            }
            return nil
        }
    }

    private func readFiles(_ driver: Driver) async {
        do throws(EtcdError) {
            let limit = configuration.attemptTimeout
            let material = try await TLSMaterial.read(configuration, within: limit)
            read(material)
            driver.happened { machine, now in
                machine.filesRead(material.files, wall: CertificateValidity.now, at: now)
            }
        } catch {
            unusable(error, driver)
        }
    }

    private func moveOn(_ driver: Driver) async {
        do throws(EtcdError) {
            try await tryNew()
            connection.abandon(because: "the TLS files have changed")
        } catch {
            unusable(error, driver)
        }
    }

    private func tryOut(_ driver: Driver) async {
        do throws(EtcdError) {
            try await tryNew()
            driver.happened { machine, now in
                machine.triedOut(wall: CertificateValidity.now, at: now)
            }
        } catch {
            // Cancelled: the connection has ended, and says nothing of the files.
            guard !Task.isCancelled else { return }
            driver.happened { machine, now in
                machine.trialFailed(error.message, wall: CertificateValidity.now, at: now)
            }
        }
    }

    private func unusable(_ error: EtcdError, _ driver: Driver) {
        // Cancelled: the connection has ended, and says nothing of the files.
        guard !Task.isCancelled else { return }
        driver.happened { machine, now in
            machine.filesUnusable(error.message, wall: CertificateValidity.now, at: now)
        }
    }
}
