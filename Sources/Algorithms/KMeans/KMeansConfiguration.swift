import AlgorithmSpecs
import Diagnostics
import Training

/// Hyperparameters of kmeans in typed form, `auto` replaced.
struct KMeansConfiguration: Sendable {
    enum Mode: String, Sendable { case miniBatch = "mini_batch", full }
    enum Start: String, Sendable { case random, plusPlus = "kmeans++" }

    let clusters: Int
    /// Centres in training, K ≥ k.
    let centres: Int
    let mode: Mode
    let start: Start
    let epochs: Int
    let maxPasses: Int
    let batchSize: Int
    /// Records after which an old record weighs half; 0 for no decay.
    let halfLife: Int
    let tolerance: Double
    let reduction: LocalLloyd.Options
    let reportsMean, reportsSum: Bool

    init(_ given: ResolvedHyperparameters, data: DataDescription) throws {
        try FeatureWidth.check(given, data: data)
        guard let clusters = given.integer("k") else {
            throw LockstepError(.configuration, "hyperparameter k is missing")
        }
        guard clusters <= data.recordCount else {
            throw LockstepError(
                .configuration,
                "hyperparameter k is '\(clusters)': channel train has only \(data.recordCount) records")
        }
        self.clusters = clusters
        mode = given.text("training_mode").flatMap { Mode(rawValue: $0) } ?? .miniBatch
        let factor = given.integer("extra_center_factor") ?? (mode == .full ? 1 : 4)
        let (product, overflows) = clusters.multipliedReportingOverflow(by: factor)
        centres = overflows ? data.recordCount : min(product, data.recordCount)
        start = given.text("init_method").flatMap { Start(rawValue: $0) } ?? .random
        epochs = given.integer("epochs") ?? 1
        maxPasses = given.integer("max_passes") ?? 100
        batchSize = given.integer("mini_batch_size") ?? 5000
        halfLife = given.integer("half_life_time_size") ?? 0
        tolerance = given.real("tolerance") ?? 1e-4
        let metrics = (given.text("eval_metrics") ?? "msd").split(separator: ",")
        reportsMean = metrics.contains("msd")
        reportsSum = metrics.contains("ssd")
        reduction = LocalLloyd.Options(
            start: given.text("local_lloyd_init_method").flatMap { Start(rawValue: $0) } ?? .plusPlus,
            maxIterations: given.integer("local_lloyd_max_iter") ?? 300,
            tolerance: given.real("local_lloyd_tol") ?? 1e-4,
            trials: given.integer("local_lloyd_num_trials") ?? 10)
    }

    /// Records from which the first centres are chosen: a mini-batch, but at least ten a centre.
    func sampleSize(of records: Int) -> Int { min(records, max(batchSize, 10 * centres)) }
}
