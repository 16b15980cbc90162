import Glibc

/// Returns what strerror(3) says of an errno: the one place where numbers of the system become words.
package func errnoText(_ code: Int32) -> String {
    // Safe to call from any thread since glibc 2.32.
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
}
