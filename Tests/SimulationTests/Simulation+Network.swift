import Wire

extension Simulation {
    func delay() -> Double { random.real(0.0002...plan.longestDelay) }

    func sendUp(_ link: Int, _ message: ControlMessage) {
        guard !links[link].isClosedByWorker, !links[link].isCutUp else { return }
        links[link].lastUp = max(links[link].lastUp, now + delay())
        queue.add(.up(link: link, message), at: links[link].lastUp)
    }

    func sendDown(_ link: Int, _ message: ControlMessage) {
        guard !links[link].isClosedByCoordinator, !links[link].isCutDown else { return }
        links[link].lastDown = max(links[link].lastDown, now + delay())
        queue.add(.down(link: link, message), at: links[link].lastDown)
    }

    func closeByCoordinator(_ link: Int) {
        guard !links[link].isClosedByCoordinator else { return }
        links[link].isClosedByCoordinator = true
        guard !links[link].isCutDown else { return }
        links[link].lastDown = max(links[link].lastDown, now + delay())
        queue.add(.downClosed(link: link), at: links[link].lastDown)
    }

    /// The daemon closes the connection or dies; what it has sent may still arrive.
    func closeByWorker(_ link: Int, losesTail: Bool) {
        guard !links[link].isClosedByWorker else { return }
        links[link].isClosedByWorker = true
        guard !links[link].isCutUp else { return }
        if losesTail { links[link].isCutUp = true }
        links[link].lastUp = max(links[link].lastUp, now + delay())
        queue.add(.upClosed(link: link), at: links[link].lastUp)
    }

    /// A connection breaks; in silence its ends learn it only by their patience.
    func cut(_ link: Int, isSilent: Bool) {
        links[link].isCutUp = true
        links[link].isCutDown = true
        guard !isSilent else { return }
        enter(.upClosed(link: link), after: random.real(0...1))
        enter(.downClosed(link: link), after: random.real(0...1))
    }

    func isPartitioned(_ worker: Int) -> Bool { workers[worker].partitionedUntil > now }
}
