import Files

extension EtcdClient {
    /// The user of etcd whom the calls are made as.
    public struct Credentials: Sendable {
        /// The user's name.
        public var username: String
        /// Gives the password. Asked before each login and never kept, so that a changed one is
        /// found. Called on a thread of its own, which may wait for a disk.
        public var password: @Sendable () throws(EtcdError) -> String

        /// A user whose password comes from anywhere.
        public init(
            username: String,
            password: @escaping @Sendable () throws(EtcdError) -> String
        ) {
            self.username = username
            self.password = password
        }

        /// A user whose password is the text of a file. One newline at its end is not part of it.
        ///
        /// A file that cannot be read, is empty or holds more than 4096 bytes is said, with the
        /// remedy, by each call that needs the password.
        public init(username: String, passwordFile: String) {
            self.init(username: username) { () throws(EtcdError) in
                try Self.password(in: passwordFile)
            }
        }

        private static func password(in path: String) throws(EtcdError) -> String {
            var bytes = try SmallFile.read(path, limit: 4096, as: "password_file")
            if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            guard !bytes.isEmpty else {
                throw EtcdError(.unusableFile, "password_file: \(path) is empty")
            }
            guard let password = String(validating: bytes, as: UTF8.self) else {
                throw EtcdError(.unusableFile, "password_file: \(path) is not UTF-8")
            }
            return password
        }
    }
}
