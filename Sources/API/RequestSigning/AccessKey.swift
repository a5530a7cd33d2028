/// What a client signs its requests with.
package struct AccessKey: Codable, Sendable, Equatable {
    /// Names the key in requests.
    package var accessKeyID: String
    package var secretAccessKey: String
    /// Who has it, for people.
    package var name: String?
    /// Seconds since 1970.
    package var creationTime: Double

    package init(accessKeyID: String, secretAccessKey: String, name: String? = nil, creationTime: Double = 0)
    {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.name = name
        self.creationTime = creationTime
    }

    /// A fresh key: 80 random bits name it, 240 are its secret.
    package static func random(name: String?, at seconds: Double) -> AccessKey {
        AccessKey(
            accessKeyID: "LKST" + letters(16, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
            secretAccessKey: letters(
                40, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            name: name, creationTime: seconds)
    }

    private static func letters(_ count: Int, of alphabet: String) -> String {
        let letters = Array(alphabet)
        var generator = SystemRandomNumberGenerator()
        return String((0..<count).map { _ in letters[Int.random(in: letters.indices, using: &generator)] })
    }

    enum CodingKeys: String, CodingKey {
        case accessKeyID = "AccessKeyId"
        case secretAccessKey = "SecretAccessKey"
        case name = "Name"
        case creationTime = "CreateDate"
    }
}
