import Wire

/// Whether a worker wants to be drained, and how far that has come.
actor Leaving {
    /// What the coordinator is asked for; `nil` while the worker stays.
    private(set) var wish: DrainWish?
    /// Whether the coordinator has told that nothing is left here.
    private(set) var isDrained = false
    /// When the connection to the coordinator broke; `nil` while it stands.
    private var disconnectedSince: ContinuousClock.Instant? = .now
    private var isTold = false

    /// Asks to be drained; the first reason counts.
    func ask(_ reason: String, deadlineSeconds: Double?) {
        guard wish == nil else { return }
        wish = DrainWish(reason: reason, deadlineSeconds: deadlineSeconds)
    }

    /// The reason has gone away.
    func stay() {
        wish = nil
        isDrained = false
    }

    func drained() { isDrained = wish != nil }

    func connected() {
        disconnectedSince = nil
        // The registration has told it.
        isTold = wish != nil
    }

    func disconnected() { disconnectedSince = disconnectedSince ?? .now }

    /// What has to be said on this connection.
    enum Due { case nothing, ask(DrainWish), registerAnew }

    /// What has changed since the coordinator was told last.
    func due() -> Due {
        if let wish, !isTold {
            isTold = true
            return .ask(wish)
        }
        return wish == nil && isTold ? .registerAnew : .nothing
    }

    /// How long there has been no coordinator to ask.
    var solitude: Duration { disconnectedSince.map { .now - $0 } ?? .zero }
}
