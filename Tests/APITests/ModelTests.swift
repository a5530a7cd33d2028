import JSON
import SageMakerAPI
import ServiceModels
import Testing

@Suite("Service models as data")
struct ModelTests {
    @Test("every operation and every shape of every service can be read", arguments: ServiceName.all)
    func allShapes(_ name: ServiceName) throws {
        let model = ServiceModel.of(name)
        let shapes = Set(model.shapeNames).union(Overlay.shared.names(in: name))
        for operationName in model.operationNames {
            let operation = try #require(model.operation(operationName))
            for shape in [operation.input, operation.output].compactMap({ $0 }) + operation.errors {
                #expect(shapes.contains(shape), "\(operationName): \(shape)")
            }
        }
        for shapeName in shapes {
            let shape = model.shape(shapeName)
            let members = shape.members + [shape.element, shape.key, shape.value].compactMap { $0 }
            for member in members {
                #expect(shapes.contains(member.shape), "\(shapeName): \(member.shape)")
            }
        }
        #expect(!model.operationNames.isEmpty)
    }

    @Test("handlers are of operations that a model has")
    func handlers() {
        for handler in APIRegistry.all(jobs: FakeJobService()).handlers {
            #expect(
                ServiceModel.of(handler.service).operation(handler.operation) != nil, "\(handler.operation)")
        }
    }

    @Test("the overlay changes members by name, takes away what is null, and adds shapes")
    func overlay() throws {
        let model = ServiceModel.of(.sagemaker)
        let resources = model.shape("ResourceConfig")
        #expect(resources.member("MinInstanceCount")?.shape == "JobInstanceCount")
        #expect(resources.member("VolumeSizeInGB")?.shape == "OptionalVolumeSizeInGB")
        #expect(model.shape("S3DataSource").member("S3DataType")?.isRequired == false)
        #expect(model.shape("S3DataSource").member("S3Uri")?.isRequired == true)
        #expect(model.shape("TrainingInstanceType").words.isEmpty)
        #expect(model.shape("HyperParameterValue").pattern == nil)
        #expect(model.shape("HyperParameterValue").most == .integer(2500))
        // Everything that it names is there, or is whole.
        for name in Overlay.shared.names(in: .sagemaker) {
            let patch = try #require(Overlay.shared.patch(of: name, in: .sagemaker))
            #expect(patch["why"]?.string?.isEmpty == false, "\(name) does not say why")
            #expect(model.shapeNames.contains(name) || patch["type"] != nil, "\(name)")
        }
    }
}

@Suite("TextPattern")
struct TextPatternTests {
    /// Pattern, texts that match as a whole, texts that do not.
    static let cases: [(pattern: String, good: [String], bad: [String])] = [
        ("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", ["a", "a-b", "a--b9"], ["", "-a", "a-", "a_b", "a\n"]),
        (".*", ["", "ü/:", "\u{1F600}"], ["a\nb", "\u{85}"]),
        ("[\\S\\s]*", ["", "a\nb"], []),
        ("a|bc|", ["a", "bc", ""], ["abc", "b"]),
        ("(a|b)+c?", ["a", "abac"], ["c", "", "abcc"]),
        ("(?:ab){2}", ["abab"], ["ab", "ababab"]),
        ("a{2,}", ["aa", "aaaaa"], ["a"]),
        ("a{,2}", ["", "a", "aa"], ["aaa"]),
        ("[^:*]*", ["a/b-", ""], ["a:b", "*"]),
        ("[\\w.-]+", ["a_b.c-d"], ["a b", "ä"]),
        ("\\d{3}", ["123"], ["12", "1234", "١٢٣"]),
        ("^a$", ["a"], ["a\n", "ba"]),
        ("^(?:^a$|^$)", ["a", ""], ["aa"]),
        ("[\\p{L}\\p{N}_.:/=+\\-@]+", ["é1_", "日本", "²"], ["a b", ""]),
        ("[\\p{Alnum}\\-]+", ["a-1"], ["é"]),
        ("[!-~]+", ["a!~"], ["a b"]),
        ("[a-]+", ["a-a"], ["b"]),
        ("[]a]+", ["a]"], ["b"]),
        ("[a-zA-Z0-9-_\\.]*", ["a-_."], ["/"]),
        ("(?=.{1,3}$)[a-z]+", ["a", "abc"], ["abcd", ""]),
        ("(?!\\s*$).+", ["a", " a"], ["", "  "]),
        ("([a-z-]+)(?<!-)", ["a-b"], ["a-"]),
        ("a(-(?!-)|b)*", ["a-b-", "a-"], ["a--"]),
        ("ip-((25[0-5]|(2[0-4]|1\\d|[1-9]|)\\d)-?\\b){4}\\..*", ["ip-10-0-0-255.x"], ["ip-10-0-0-256.x"]),
        ("\\u002F[\\u0021-\\u007F]*", ["/a~"], ["a", "/ "]),
        ("[\\uD800\\uDC00-\\uDBFF\\uDFFF]", ["\u{1F600}"], ["a"]),
        ("\\x41\\t\\n", ["A\t\n"], ["a"]),
        ("\\A\\S[\\p{Print}]*\\z", ["a b"], [" a", "aé"]),
        ("a*?b{1,2}?", ["aab", "bb"], ["a", "bbb"]),
    ]

    @Test("matches whole texts", arguments: cases)
    func matches(_ pattern: String, _ good: [String], _ bad: [String]) throws {
        let expression = try TextPattern(pattern)
        for text in good { #expect(expression.matches(text), "\(text.debugDescription)") }
        for text in bad { #expect(!expression.matches(text), "\(text.debugDescription)") }
    }

    @Test(
        "says what is wrong with a pattern",
        arguments: ["(a", "a)", "[a", "*a", "a{2,1}", "\\q", "(?<n>a)", "\\p{Q}"])
    func wrong(_ pattern: String) {
        let error = #expect(throws: PatternError.self) { try TextPattern(pattern) }
        #expect(error?.message.contains(" at character ") == true)
    }

    @Test(
        "patterns that other engines try for ever end soon",
        arguments: ["(a+)+b", "(a|a)*b", "(a*)*b", "(.*a){20}"])
    func bounded(_ pattern: String) throws {
        let expression = try TextPattern(pattern)
        #expect(!expression.matches(String(repeating: "a", count: 500) + "c"))
    }
}
