import Glibc
import Testing

@testable import Systemd

@Suite struct SystemdErrorBusTests {
    @Test(arguments: [
        ("org.freedesktop.DBus.Error.ServiceUnknown", SystemdError.Code.busUnreachable),
        ("org.freedesktop.DBus.Error.NameHasNoOwner", .busUnreachable),
        ("org.freedesktop.systemd1.NoUnitForPID", .notAUnit),
        ("org.freedesktop.DBus.Error.UnknownObject", .objectGone),
        ("org.freedesktop.DBus.Error.AccessDenied", .accessDenied),
        ("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", .accessDenied),
        ("org.freedesktop.systemd1.NoSuchUnit", .unitNotFound),
        ("org.freedesktop.systemd1.UnitMasked", .unitNotFound),
        ("org.freedesktop.DBus.Error.InvalidArgs", .unitNotFound),
        ("org.freedesktop.systemd1.JobTypeNotApplicable", .unitCannotReload),
        ("org.freedesktop.systemd1.TransactionIsDestructive", .jobConflicts),
        ("org.freedesktop.DBus.Error.NoReply", .busTimedOut),
        ("org.freedesktop.DBus.Error.LimitsExceeded", .refused),
        ("", .refused),
    ])
    func anErrorOfTheBusGetsItsCode(name: String, code: SystemdError.Code) {
        let refusal = BusMessage.Refusal(name: name, text: "told\nso", errno: EIO)
        let error = SystemdError.refused(refusal)
        #expect(error.code == code)
        #expect(!error.description.contains("\n"))
    }

    @Test func aMaskedPolkitIsAMatterOfRights() {
        let refusal = BusMessage.Refusal(
            name: "org.freedesktop.systemd1.UnitMasked",
            text: "Unit polkit.service is masked.",
            errno: EIO
        )
        #expect(SystemdError.refused(refusal).code == .accessDenied)
    }
}
