import Glibc
import Testing

@testable import Systemd

@Suite struct MachineIdentityTests {
    /// Only for these tests.
    static let application: UInt128 = 0x0C27_3277_323D_B454_EA63_BB96_E79B_53E9

    @Test func theIdIsTheOneThatSystemdsOwnToolPrints() throws {
        let uuid = "0c273277323db454ea63bb96e79b53e9"
        let printed = try Self.output(of: "systemd-id128 machine-id --app-specific=\(uuid)")
        #expect(printed.utf8.count == 32)
        #expect(try MachineIdentity.applicationSpecific(Self.application) == printed)
    }

    @Test func anotherApplicationHasAnotherId() throws {
        let one = try MachineIdentity.applicationSpecific(Self.application)
        let other = try MachineIdentity.applicationSpecific(Self.application + 1)
        #expect(one != other)
    }

    @Test func theBytesKeepTheOrderInWhichTheyAreWritten() throws {
        let id = try MachineIdentity.applicationSpecific(
            0x0001_0203_0405_0607_0809_0A0B_0C0D_0EFF
        ) { application, id in
            id.update(from: application, count: 16)
            return 0
        }
        #expect(id == "000102030405060708090a0b0c0d0eff")
    }

    @Test(arguments: [ENOENT, ENOMEDIUM, ENOPKG])
    func aMachineWithoutIdentityIsToldHowToGetOne(errno: Int32) {
        let error = #expect(throws: SystemdError.self) {
            try MachineIdentity.applicationSpecific(Self.application) { _, _ in -errno }
        }
        #expect(error?.code == .machineIdentityMissing)
        #expect(error?.errno == errno)
        #expect(error?.message.contains("run systemd-machine-id-setup") == true)
    }

    /// The real file, in a child that sees another one: libsystemd remembers what it has read.
    @Test(arguments: [
        ("", SystemdError.Code.machineIdentityMissing),
        ("uninitialized\n", .machineIdentityMissing),
        ("00000000000000000000000000000000\n", .machineIdentityMissing),
        ("this is no id\n", .machineIdentityUnreadable),
    ])
    func aMachineIdFileWithoutAnIdIsRefused(content: String, code: SystemdError.Code) async {
        let name = code.description
        await #expect(processExitsWith: .success) {
            [content = content as String, name = name as String] in
            try PrivateMounts.enter()
            try PrivateMounts.replace("/etc/machine-id", with: content)
            let error = #expect(throws: SystemdError.self) {
                try MachineIdentity.applicationSpecific(1)
            }
            #expect(error?.code.description == name)
        }
    }

    @Test(arguments: [
        (EACCES, "chmod 0444"), (EPERM, "chmod 0444"), (EIO, "32 hexadecimal digits"),
    ])
    func anIdentityThatCannotBeReadSaysWhatToDo(errno: Int32, remedy: String) {
        let error = #expect(throws: SystemdError.self) {
            try MachineIdentity.applicationSpecific(Self.application) { _, _ in -errno }
        }
        #expect(error?.code == .machineIdentityUnreadable)
        #expect(error?.errno == errno)
        #expect(error?.message.contains(remedy) == true)
    }

    /// What `command` prints on one line.
    private static func output(of command: String) throws -> String {
        let pipe = try #require(popen(command, "r"))
        defer { pclose(pipe) }
        var line = [CChar](repeating: 0, count: 256)
        _ = try #require(fgets(&line, Int32(line.count), pipe), "\(command) printed nothing")
        return String(decoding: line.prefix { $0 > 0x20 }.map { UInt8($0) }, as: UTF8.self)
    }
}
