import Testing
import WorkerService

@Suite struct GangNetworkTests {
    struct Case: CustomTestStringConvertible {
        let addresses: [String]
        let network: String?
        var testDescription: String { addresses.joined(separator: " ") }
    }

    static let cases = [
        Case(addresses: ["10.214.0.1", "10.214.0.2", "10.214.0.3"], network: "10.214.0.0/30"),
        Case(addresses: ["10.0.3.17", "10.0.3.17"], network: "10.0.3.17/32"),
        Case(addresses: ["10.0.3.250", "10.0.4.1"], network: "10.0.0.0/21"),
        Case(addresses: ["192.168.1.10", "192.168.200.10"], network: "192.168.0.0/16"),
        Case(addresses: ["10.0.0.1", "172.16.0.1"], network: nil),
        Case(addresses: ["10.0.0.1", "node-7"], network: nil),
        Case(addresses: ["10.0.0.1", "10.0.0.256"], network: nil),
        Case(addresses: ["10.0.0.1", "10.0.0."], network: nil),
        Case(addresses: ["::1", "::2"], network: nil),
        Case(addresses: [], network: nil),
    ]

    @Test(arguments: cases) func `the smallest network that holds all nodes`(_ example: Case) {
        #expect(GangNetwork.smallest(holding: example.addresses) == example.network)
    }
}
