/// Where the hosts of a gang meet, for `torchrun` and the like.
extension ProgramPlan {
    /// Address of the first host.
    public var masterAddress: String { hosts.first?.address ?? "127.0.0.1" }

    /// A port on it, the same on every host: told by the job's ARN and the attempt, so that jobs that share a
    /// node rarely meet on one.
    public var masterPort: Int {
        // FNV-1a: the standard library's hash is another in every process.
        var hash: UInt32 = 2_166_136_261
        for byte in "\(arn)#\(attempt)".utf8 {
            hash = (hash ^ UInt32(byte)) &* 16_777_619
        }
        // Below the ports that the system hands out by itself.
        return 20_000 + Int(hash % 10_000)
    }
}
