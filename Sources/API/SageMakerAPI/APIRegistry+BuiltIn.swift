package import JobLifecycle
package import ProgramContract

extension APIRegistry {
    /// Everything that a coordinator offers.
    ///
    /// - Parameters:
    ///   - jobs: the coordinator.
    ///   - roots: what jobs may name.
    package static func all(jobs: any JobService, roots: DataRoots = DataRoots()) -> APIRegistry {
        APIRegistry(trainingJobs(jobs, roots) + logs(jobs) + cluster(jobs))
    }

    private static func trainingJobs(_ jobs: any JobService, _ roots: DataRoots) -> [any APIHandler] {
        [
            CreateTrainingJob(jobs: jobs, roots: roots), DescribeTrainingJob(jobs: jobs),
            ListTrainingJobs(jobs: jobs), StopTrainingJob(jobs: jobs), ListTags(jobs: jobs),
        ]
    }

    private static func logs(_ jobs: any JobService) -> [any APIHandler] {
        [DescribeLogStreams(jobs: jobs), GetLogEvents(jobs: jobs), FilterLogEvents(jobs: jobs)]
    }

    private static func cluster(_ jobs: any JobService) -> [any APIHandler] {
        [
            ListWorkers(jobs: jobs), DrainWorker(jobs: jobs), ResumeWorker(jobs: jobs),
            ForgetWorker(jobs: jobs), ListAlgorithms(), DescribeAlgorithm(),
            CollectGarbage(jobs: jobs), GetPublicKey(jobs: jobs),
        ]
    }
}
