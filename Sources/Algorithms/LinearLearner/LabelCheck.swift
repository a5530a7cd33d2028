import Diagnostics
import Tensors
import Training

/// Labels against the classes, before the first step.
enum LabelCheck {
    /// - Throws: `LockstepError(.data)` naming channel, record (counted from 1) and label.
    static func check(_ shard: LogicalShard, channel: ChannelRole, configuration: LinearConfiguration) throws
    {
        let labels = shard.records.labels
        guard labels.count == shard.records.count else {
            throw LockstepError(
                .data,
                "channel \(channel.rawValue) has no labels: linear-learner needs one a record, in a CSV "
                    + "file the first column with content type text/csv;label_size=1")
        }
        let classes: Int
        switch configuration.task {
        case .regressor: return try checkFinite(labels, shard, channel)
        case .binary: classes = 2
        case .multiclass: classes = configuration.outputs
        }
        let limit = Float(classes)
        for (row, label) in labels.enumerated() {
            guard label >= 0, label < limit, label == label.rounded(.down) else {
                throw LockstepError(
                    .data,
                    "label \(text(label)) of record \(shard.firstRecord + row + 1) of channel "
                        + "\(channel.rawValue) is outside the classes: with predictor_type "
                        + "\(configuration.task.rawValue) labels are whole numbers from 0 to "
                        + "\(classes - 1)")
            }
        }
    }

    private static func checkFinite(
        _ labels: [Float], _ shard: LogicalShard, _ channel: ChannelRole
    ) throws {
        guard let row = labels.firstIndex(where: { !$0.isFinite }) else { return }
        throw LockstepError(
            .data,
            "label \(labels[row]) of record \(shard.firstRecord + row + 1) of channel "
                + "\(channel.rawValue) is not a finite number")
    }

    private static func text(_ label: Float) -> String {
        label == label.rounded() && abs(label) < 1e9 ? String(Int(label)) : String(label)
    }
}
