extension AlgorithmSpec {
    /// `kmeans`: k centres that minimise the squared Euclidean distance to the records.
    public static let kmeans = AlgorithmSpec(
        name: "kmeans",
        summary: "Groups records around k centres by Euclidean distance.",
        labelCount: 0,
        hyperparameters: kmeansParameters + kmeansReduction,
        channels: [
            ChannelRequirement("train", isRequired: true, summary: "Records without labels."),
            ChannelRequirement("test", isRequired: false, summary: "Records for the final msd and ssd."),
        ],
        metrics: [
            .final("test", "msd", "msd", .minimize),
            .final("test", "ssd", "ssd", .minimize),
            .perEpoch("train", "msd", "msd", .minimize),
            .perEpoch("train", "ssd", "ssd", .minimize),
            .progress, .throughput,
        ])

    private static let kmeansParameters: [HyperparameterSpec] = [
        HyperparameterSpec(
            "feature_dim", .integer(IntegerRange(from: 1)), default: "auto", allowsAuto: true,
            "Width of a record; auto takes that of the data."),
        HyperparameterSpec(
            "k", .integer(IntegerRange(from: 2)), isRequired: true, "Number of clusters."),
        HyperparameterSpec(
            "epochs", .integer(IntegerRange(from: 1)), default: "1", isTunable: true,
            "Passes over the data in mini-batch mode."),
        HyperparameterSpec(
            "eval_metrics", .choices(["msd", "ssd"]), default: "msd",
            "Metrics to report: mean and sum of squared distances."),
        HyperparameterSpec(
            "extra_center_factor", .integer(IntegerRange(from: 1)), default: "auto", isTunable: true,
            allowsAuto: true,
            "Train k times this many centres and reduce them to k at the end; auto is 4 in mini-batch "
                + "mode and 1 in full passes."),
        HyperparameterSpec(
            "half_life_time_size", .integer(IntegerRange(from: 0)), default: "0",
            "Records after which an old record weighs half; 0 for no decay."),
        HyperparameterSpec(
            "init_method", .choice(["random", "kmeans++"]), default: "random", isTunable: true,
            "How the first centres are chosen."),
        HyperparameterSpec(
            "mini_batch_size", .integer(IntegerRange(from: 1)), default: "5000", isTunable: true,
            "Records in one batch of the whole world, not of one machine."),
        HyperparameterSpec(
            "training_mode", .choice(["mini_batch", "full"]), default: "mini_batch",
            "Mini-batches, or exact Lloyd iterations over all records. Of Lockstep, not of SageMaker."),
        HyperparameterSpec(
            "max_passes", .integer(IntegerRange(from: 1)), default: "100",
            "Most passes in full mode. Of Lockstep, not of SageMaker."),
        HyperparameterSpec(
            "tolerance", .real(RealRange(from: 0)), default: "0.0001",
            "Full mode ends when the centres move less than this share of the mean variance of the "
                + "features. Of Lockstep, not of SageMaker."),
    ]

    private static let kmeansReduction: [HyperparameterSpec] = [
        HyperparameterSpec(
            "local_lloyd_init_method", .choice(["random", "kmeans++"]), default: "kmeans++",
            "Start of the reduction to k centres."),
        HyperparameterSpec(
            "local_lloyd_max_iter", .integer(IntegerRange(from: 1)), default: "300",
            "Most iterations of the reduction."),
        HyperparameterSpec(
            "local_lloyd_num_trials", .integer(IntegerRange(from: 1)), default: "auto", allowsAuto: true,
            "Starts of the reduction, of which the best counts; auto is 10."),
        HyperparameterSpec(
            "local_lloyd_tol", .real(RealRange(from: 0, to: 1)), default: "0.0001",
            "Relative change of the loss that ends the reduction."),
    ]
}
