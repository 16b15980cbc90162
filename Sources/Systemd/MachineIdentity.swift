internal import CSystemd
internal import Glibc

/// The application-specific id of this machine, which may be shown to others. See machine-id(5).
public enum MachineIdentity {
    /// This machine's id for one application: always the same for the same machine and application,
    /// and of no use to find out the machine id itself or its id for another application.
    ///
    /// - Parameter application: The 128-bit id of the application, made once with
    ///   `systemd-id128 new` and compiled in; the digits of `systemd-id128 show` are the literal's.
    /// - Returns: 32 lower-case hexadecimal digits, as `systemd-id128 machine-id --app-specific=`
    ///   prints them.
    /// - Throws: ``SystemdError/Code/machineIdentityMissing`` when `/etc/machine-id` is missing, empty
    ///   or `uninitialized`; ``SystemdError/Code/machineIdentityUnreadable`` when it cannot be read
    ///   or holds something else. See sd_id128_get_machine_app_specific(3).
    public static func applicationSpecific(
        _ application: UInt128
    ) throws(SystemdError) -> String {
        try self.applicationSpecific(application, derive: csystemd_machine_app_specific)
    }

    /// - Parameter derive: Derives 16 bytes from 16 bytes; 0 or a negative errno.
    static func applicationSpecific(
        _ application: UInt128,
        derive: (UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>) -> Int32
    ) throws(SystemdError) -> String {
        // sd_id128_t is the sixteen bytes in the order in which they are written.
        let digits = Self.bytes(of: application)
        var id = [UInt8](repeating: 0, count: Int(CSYSTEMD_ID128_SIZE))
        let result = derive(digits, &id)
        guard result >= 0 else { throw .machineIdentity(errno: -result) }
        return id.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    private static func bytes(of id: UInt128) -> [UInt8] {
        withUnsafeBytes(of: id.bigEndian) { Array($0) }
    }
}

extension SystemdError {
    static func machineIdentity(errno: Int32) -> SystemdError {
        switch errno {
        case ENOENT, ENOMEDIUM, ENOPKG:
            SystemdError(
                code: .machineIdentityMissing,
                message: """
                    this machine has no identity: /etc/machine-id is missing, empty or not \
                    initialized; run systemd-machine-id-setup
                    """,
                errno: errno
            )
        case EACCES, EPERM:
            SystemdError(
                code: .machineIdentityUnreadable,
                message: """
                    cannot read this machine's identity from /etc/machine-id; make it readable for \
                    everybody: chmod 0444 /etc/machine-id
                    """,
                errno: errno
            )
        default:
            SystemdError(
                code: .machineIdentityUnreadable,
                message: """
                    cannot take this machine's identity from /etc/machine-id; it must hold 32 \
                    hexadecimal digits and a newline: remove it and run systemd-machine-id-setup
                    """,
                errno: errno
            )
        }
    }
}
