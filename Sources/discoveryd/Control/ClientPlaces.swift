import Glibc

/// Who has a place at the control socket, and what for.
///
/// Whoever only waits can do so for a day, so those have few places and take none of anybody else's. Of each
/// kind some are kept for root, and one user has half of them at most: whoever takes all that it can get locks
/// out nobody but itself.
struct ClientPlaces {
    /// What a place is for.
    enum Purpose: Hashable, CaseIterable {
        /// To send a request, for seconds.
        case asking
        /// To be told how the daemon is, for as long as the answer takes.
        case status
        /// To wait for the list, for a day at most.
        case waiting
        /// To change something, for half a minute at most.
        case change

        /// Of what a request is.
        init(of request: ControlRequest) {
            self =
                switch request {
                case .status: .status
                case .wait: .waiting
                case .drain, .undrain, .reload: .change
                }
        }

        /// How many there are in all.
        var places: Int {
            switch self {
            case .asking: 64
            case .waiting: 32
            case .status, .change: 16
            }
        }

        /// How many of them users have that are not root.
        var placesOfOthers: Int { places / 4 * 3 }

        /// How many of them one such user has at most.
        var placesOfOne: Int { places / 2 }

        /// What is said when there is none.
        var refusal: String {
            switch self {
            case .asking: "too many clients at once; try again"
            case .status: "too many ask for the status at once; try again"
            case .waiting: "too many wait for the list at once; try again"
            case .change: "too many change something at once; try again"
            }
        }
    }

    private var taken: [Purpose: [uid_t: Int]] = [:]

    /// Takes a place; `false` when there is none for that user.
    mutating func take(_ purpose: Purpose, for user: uid_t) -> Bool {
        let users = taken[purpose] ?? [:]
        let all = users.values.reduce(0, +)
        guard all < purpose.places else { return false }
        if user != 0 {
            guard users[user, default: 0] < purpose.placesOfOne,
                all - users[0, default: 0] < purpose.placesOfOthers
            else { return false }
        }
        taken[purpose, default: [:]][user, default: 0] += 1
        return true
    }

    /// Gives a place back that was taken.
    mutating func give(_ purpose: Purpose, of user: uid_t) {
        guard let count = taken[purpose]?[user] else { return }
        taken[purpose]?[user] = count > 1 ? count - 1 : nil
    }
}
