/// The version of this program.
package enum Version {
    package static let text = "0.1.0"

    /// The compiler, as far as it tells.
    static var compiler: String {
        #if compiler(>=6.4)
            "6.4 or newer"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}
