package import JobLifecycle

extension APIRegistry {
    /// Everything that a coordinator offers.
    ///
    /// - Parameter jobs: the coordinator.
    package static func all(jobs: any JobService) -> APIRegistry {
        APIRegistry(trainingJobs(jobs) + logs(jobs) + cluster(jobs))
    }

    private static func trainingJobs(_ jobs: any JobService) -> [any APIHandler] {
        [
            CreateTrainingJob(jobs: jobs), DescribeTrainingJob(jobs: jobs), ListTrainingJobs(jobs: jobs),
            StopTrainingJob(jobs: jobs), ListTags(jobs: jobs),
        ]
    }

    private static func logs(_ jobs: any JobService) -> [any APIHandler] {
        [DescribeLogStreams(jobs: jobs), GetLogEvents(jobs: jobs), FilterLogEvents(jobs: jobs)]
    }

    private static func cluster(_ jobs: any JobService) -> [any APIHandler] {
        [
            ListWorkers(jobs: jobs), DrainWorker(jobs: jobs), ResumeWorker(jobs: jobs),
            ForgetWorker(jobs: jobs), ListAlgorithms(), DescribeAlgorithm(),
            CollectGarbage(jobs: jobs),
        ]
    }
}
