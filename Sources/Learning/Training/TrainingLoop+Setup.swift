import AlgorithmSpecs
import Checkpoints
import ClusterTypes
import Collectives
import Datasets
import Diagnostics
import Foundation
import JobSpecs
import Storage
import Tensors
import Threading

extension TrainingLoop {
    /// The job's channels, opened, and what follows from them.
    struct OpenedData {
        var sources: [ChannelRole: any OpenedChannel]
        var description: DataDescription
        var identity: JobIdentity
    }

    /// Refuses a world that cannot train this job: too few shards, or machines that compute differently.
    func checkWorld() throws {
        try vote.together {
            _ = try ShardDivision(
                shardCount: plan.runtime.logicalShardCount, ranks: communicator.size,
                threads: plan.threadCount, hasKeeper: setting.hasKeeper)
        }
        let coreTypes = try communicator.allGather([UInt8](plan.coreType.utf8))
            .map { String(decoding: $0, as: UTF8.self) }
        if let other = coreTypes.firstIndex(where: { $0 != coreTypes[0] }) {
            throw vote.share(
                LockstepError(
                    .configuration,
                    "rank \(other) computes with OpenBLAS core type \(coreTypes[other]) and rank 0 with "
                        + "\(coreTypes[0]), which give different bits: set OPENBLAS_CORETYPE to one that all "
                        + "machines have"))
        }
    }

    /// Opens every channel of the job; the others take the width of `train`.
    func openChannels() throws -> OpenedData {
        var sources: [ChannelRole: any OpenedChannel] = [:]
        for role in ChannelRole.allCases {
            guard var source = plan.channels.first(where: { $0.name == role.rawValue }) else { continue }
            if source.featureCount == nil { source.featureCount = sources[.train]?.featureCount }
            activity.begin(.channel("opening", role.rawValue))
            let opened = try vote.together { try open(source, communicator) }
            for remark in opened.remarks { reporter.say("Channel \(role.rawValue): \(remark)") }
            sources[role] = opened
        }
        return try vote.together { try describe(sources) }
    }

    private func describe(_ sources: [ChannelRole: any OpenedChannel]) throws -> OpenedData {
        guard let train = sources[.train] else {
            throw LockstepError(.configuration, "the job has no channel named train")
        }
        for (role, source) in sources.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            guard source.featureCount == train.featureCount else {
                throw LockstepError(
                    .data,
                    "channel \(role.rawValue) has \(source.featureCount) columns of features and channel "
                        + "train has \(train.featureCount)")
            }
            guard source.isSparse == train.isSparse else {
                throw LockstepError(
                    .data,
                    "channel \(role.rawValue) is \(source.isSparse ? "sparse" : "dense") and channel train "
                        + "is \(train.isSparse ? "sparse" : "dense"): give both in one form")
            }
        }
        let runtime = plan.runtime
        let named = Dictionary(uniqueKeysWithValues: sources.map { ($0.key.rawValue, $0.value) })
        return OpenedData(
            sources: sources,
            description: DataDescription(
                featureCount: train.featureCount, isSparse: train.isSparse, recordCount: train.recordCount,
                validationCount: sources[.validation]?.recordCount, testCount: sources[.test]?.recordCount,
                logicalShardCount: runtime.logicalShardCount, seed: runtime.seed),
            identity: plan.identity(algorithm: type.spec, sources: named))
    }

    /// Loads this rank's shards and sets up the algorithm.
    func setUp(_ data: OpenedData) throws -> (any Algorithm, GangStepContext) {
        try vote.together { try checkMemory(data) }
        let team = ThreadTeam(count: plan.threadCount)
        let shards = try vote.together { try loadShards(data, team) }
        let context = GangStepContext(
            communicator: communicator, team: team, vote: vote,
            shardCount: data.description.logicalShardCount, shards: shards, seed: data.description.seed,
            activity: activity)
        let algorithm = try vote.together {
            try type.init(hyperparameters: plan.hyperparameters, data: data.description)
        }
        return (algorithm, context)
    }

    /// Sets up all that training needs and goes where the newest state says.
    func prepare(_ data: OpenedData) throws -> Progress {
        var (algorithm, context) = try setUp(data)
        activity.begin(.storage("reading the newest state"))
        let lock = try vote.together { try takeFolders(data.identity) }
        let store = try vote.together { try openHotState(data.identity) }
        let restored = try restore(data.identity, store)
        if let restored {
            algorithm.state = restored.checkpoint.state
            if restored.source == .checkpoint {
                reporter.say("Resuming from the checkpoint of step \(restored.checkpoint.commit.step)")
            }
        }
        let resume = restored ?? .start(algorithm.state, world: communicator.size)
        let keeper = try vote.together { try lock.map { try makeKeeper(data.identity, resume, $0) } }
        return Progress(
            algorithm: algorithm, context: context, keeper: keeper, holder: hold(resume, in: store),
            source: resume.source, distrusted: resume.distrusted, commit: resume.checkpoint.commit,
            state: resume.checkpoint.state)
    }

    private func loadShards(
        _ data: OpenedData, _ team: ThreadTeam
    ) throws -> [ChannelRole: [LogicalShard]] {
        let count = data.description.logicalShardCount
        let seed = data.description.seed
        let division = try ShardDivision(
            shardCount: count, ranks: communicator.size, threads: plan.threadCount,
            hasKeeper: setting.hasKeeper)
        let own = division.shards(ofRank: communicator.rank, of: communicator.size)
        var shards: [ChannelRole: [LogicalShard]] = [:]
        for (role, source) in data.sources.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let slots = PieceSlots<LogicalShard>(count: own.count)
            activity.begin(.channel("loading", role.rawValue))
            try team.run(own.count) { piece in
                let index = own.lowerBound + piece
                let range = division.records(ofShard: index, in: source.recordCount)
                slots.put(
                    LogicalShard(
                        index: index, count: count, firstRecord: range.lowerBound,
                        records: try source.load(range), seed: seed),
                    at: piece)
            }
            shards[role] = slots.take().compactMap { $0 }
        }
        return shards
    }

    /// Makes sure that the job's folders can be written and are no other job's. Rank 0 only.
    private func takeFolders(_ identity: JobIdentity) throws -> CheckpointLock? {
        guard communicator.rank == 0 else { return nil }
        let locations = plan.locations
        let field = "OutputDataConfig.S3OutputPath"
        try FileSystem.requireWritable(locations.historyFolder, field: field)
        try FileSystem.requireWritable(
            FileSystem.parent(of: locations.modelArtifact) ?? "/", field: field)
        let isOwn = locations.checkpointFolder.hasPrefix(locations.jobFolder + "/")
        try FileSystem.requireWritable(
            locations.checkpointFolder, field: isOwn ? field : "CheckpointConfig.S3Uri")
        return try CheckpointLock(folder: locations.checkpointFolder, owner: owner(identity))
    }

    /// This attempt, as the folders that it takes name it.
    func owner(_ identity: JobIdentity) -> FolderOwner {
        FolderOwner(
            job: plan.jobName, jobFolder: plan.locations.jobFolder, attempt: setting.attempt,
            identity: identity)
    }

    private func makeKeeper(
        _ identity: JobIdentity, _ resume: ResumePoint, _ lock: CheckpointLock
    ) throws -> CommitKeeper {
        let history = plan.locations.historyFolder
        let keeper = try CommitKeeper(
            store: CheckpointStore(folder: plan.locations.checkpointFolder), lock: lock, history: history,
            job: plan.jobName, identity: identity, runtime: plan.runtime, resume: resume,
            reporter: reporter)
        if let job = plan.job { try StoredJob.write(job, in: history) }
        try AttemptLine(
            firstStep: resume.checkpoint.commit.step, world: communicator.size, threads: plan.threadCount,
            time: Date().timeIntervalSince1970, attempt: setting.attempt, source: resume.source.rawValue,
            workers: places.map(\.worker), job: plan.jobName
        ).append(in: history)
        return keeper
    }
}
