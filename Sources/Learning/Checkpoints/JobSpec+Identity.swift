public import ClusterTypes
public import JobSpecs
import StorageLocations

extension JobSpec {
    /// The job of an earlier release, which kept no specification, as far as its identity tells it:
    /// algorithm, hyperparameters and channels. Its places are not known; where it lies, its reader knows.
    public init(name: JobName, _ identity: JobIdentity) {
        var hyperparameters: [String: String] = [:]
        var channels: [Channel] = []
        for (field, value) in identity.fields.sorted(by: { $0.key < $1.key }) {
            if field.hasPrefix("hyperparameter ") {
                hyperparameters[String(field.dropFirst("hyperparameter ".count))] = value
            } else if field.hasPrefix("channel "), field.hasSuffix(" path") {
                let role = String(field.dropFirst("channel ".count).dropLast(" path".count))
                channels.append(
                    Channel(
                        role, location: StorageLocation(path: value),
                        contentType: identity.fields["channel \(role) content type"]))
            }
        }
        self.init(
            name: name, work: Work(algorithm: identity.fields["algorithm"]),
            hyperparameters: hyperparameters, channels: channels,
            locations: Locations(output: StorageLocation(path: "/")))
    }
}
