extension MetricSpec {
    /// Share of the training that is done; logged by the runtime.
    public static let progress = MetricSpec(
        "train:progress", .maximize, pattern: #"#progress_metric: host=\S+, completed (\S+) %"#)
    /// Records a second; logged by the runtime.
    public static let throughput = MetricSpec(
        "train:throughput", .maximize,
        pattern: #"#throughput_metric: host=\S+, train throughput=(\S+) records/second"#)

    /// A metric that is logged after every epoch.
    ///
    /// - Parameter logged: pattern of the name that the log has for it, `Metric.loggedName`.
    public static func perEpoch(
        _ channel: String, _ name: String, _ logged: String, _ direction: Direction
    ) -> MetricSpec {
        let tag = direction == .minimize ? "loss" : "score"
        return MetricSpec(
            "\(channel):\(name)", direction,
            pattern: #"#quality_metric: host=\S+, epoch=\S+, \#(channel) \#(logged) <\#(tag)>=(\S+)"#)
    }

    /// A metric that is logged once, at the end.
    ///
    /// - Parameter logged: pattern of the name that the log has for it, `Metric.loggedName`.
    public static func final(
        _ channel: String, _ name: String, _ logged: String, _ direction: Direction
    ) -> MetricSpec {
        let tag = direction == .minimize ? "loss" : "score"
        return MetricSpec(
            "\(channel):\(name)", direction,
            pattern: #"#quality_metric: host=\S+, \#(channel) \#(logged) <\#(tag)>=(\S+)"#)
    }
}
