import Glibc
import Texts

extension ConfigurationSource.Failure {
    /// What happened and what to do about it, as the end of a sentence that starts with a path.
    package var sentence: String {
        switch self {
        case .missing: "does not exist"
        case .notAFile: "is not a regular file; a configuration is read from regular files only"
        case .tooLarge:
            "is larger than \(ConfigurationLoader.sizeLimit) bytes, the most that is read"
        case .system(let code): "cannot be read: \(errnoText(code))\(Self.remedy(for: code))"
        }
    }

    /// Whether the system would not let us.
    var isRefusal: Bool {
        if case .system(let code) = self { code == EACCES || code == EPERM } else { false }
    }

    private static func remedy(for code: Int32) -> String {
        switch code {
        case EACCES, EPERM:
            "; the user that discoveryd runs as must be able to read it and to enter each directory "
                + "on the way (chmod, chgrp)"
        case ENOTDIR: "; something on the way to it is a file, not a directory"
        case ELOOP: "; its symbolic links lead in a circle"
        case EMFILE, ENFILE: "; raise LimitNOFILE= of discoveryd.service"
        case EIO: "; check the disk"
        default: ""
        }
    }
}
