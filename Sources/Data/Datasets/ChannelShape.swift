import Diagnostics

/// Width, sparsity and labels of a channel: one for all its files, or an error that names the odd one.
struct ChannelShape {
    var featureCount: Int
    var isSparse: Bool
    var labelCount: Int

    /// - Throws: `LockstepError(.data)` naming file and line or record; the same on every rank, being a
    ///   function of the shared index.
    init(source: ChannelSource, plan: ReadingPlan, files: [FileIndex]) throws {
        guard let first = files.firstIndex(where: { $0.recordCount > 0 }) else {
            throw LockstepError(.data, "channel '\(source.name)': \(source.path) holds no records")
        }
        // Rows of zeros alone are what a sparse writer leaves of them.
        isSparse = files.contains(where: \.hasSparse) || !files.contains(where: \.hasDense)
        labelCount = files[first].labelCount
        featureCount = 0
        try checkLabels(source: source, plan: plan, files: files, first: first)
        if isSparse {
            try setSparseWidth(source: source, plan: plan, files: files)
        } else {
            try setDenseWidth(source: source, plan: plan, files: files, first: first)
        }
    }

    private func checkLabels(
        source: ChannelSource, plan: ReadingPlan, files: [FileIndex], first: Int
    ) throws {
        for (file, index) in files.enumerated()
        where index.recordCount > 0 && index.labelCount != labelCount {
            let (with, without) = labelCount == 1 ? (first, file) : (file, first)
            throw LockstepError(
                .data,
                "channel '\(source.name)': the records of \(plan.files[with]) have labels, "
                    + "those of \(plan.files[without]) have none")
        }
        if plan.format != .csv, source.defaultLabelCount == 1, labelCount == 0 {
            throw LockstepError(
                .data, "channel '\(source.name)': the records of \(plan.files[first]) have no labels")
        }
    }

    private mutating func setDenseWidth(
        source: ChannelSource, plan: ReadingPlan, files: [FileIndex], first: Int
    ) throws {
        let what = plan.format == .csv ? "columns" : "features"
        let place = plan.format == .csv ? "line" : "record"
        let width = files[first].width
        for (file, index) in files.enumerated() where index.recordCount > 0 && index.width != width {
            throw LockstepError(
                .data,
                "\(plan.files[file]), \(place) \(index.widthPlace): \(index.width) \(what) found where "
                    + "\(width) are expected, as in \(plan.files[first])")
        }
        featureCount = plan.format == .csv ? width - labelCount : width
        guard featureCount > 0 else {
            throw LockstepError(
                .data,
                "\(plan.files[first]), \(place) \(files[first].widthPlace): "
                    + "a row has a label but no feature; is it text/csv;label_size=0, or another delimiter?")
        }
        if plan.format == .csv, labelCount == 1, case .number(let number) = plan.labelColumn,
            number < 1 || number > width
        {
            throw LockstepError(
                .configuration, "the label column is \(number), but \(plan.files[first]) has \(width) columns"
            )
        }
        if let wanted = source.featureCount, wanted != featureCount {
            throw LockstepError(
                .data,
                "channel '\(source.name)': \(plan.files[first]) has \(featureCount) features a row "
                    + "where \(wanted) are expected (feature_dim, or the width of channel 'train')")
        }
    }

    private mutating func setSparseWidth(
        source: ChannelSource, plan: ReadingPlan, files: [FileIndex]
    ) throws {
        let width = files.map(\.width).max() ?? 0
        featureCount = source.featureCount ?? max(width, 1)
        guard width <= featureCount, let widest = files.firstIndex(where: { $0.width == width }) else {
            let odd = files.firstIndex { $0.width > featureCount } ?? 0
            let place = plan.format == .recordIO ? "record" : "line"
            throw LockstepError(
                .data,
                "\(plan.files[odd]), \(place) \(files[odd].widthPlace): the row has feature index "
                    + "\(files[odd].width - 1) or a shape that wide; a row has \(featureCount) features")
        }
        guard featureCount <= Int(Int32.max) else {
            throw LockstepError(
                .data,
                "\(plan.files[widest]) has a feature index \(width - 1); the largest is \(Int32.max - 1)")
        }
    }
}
