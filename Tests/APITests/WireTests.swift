import APIWire
import JSON
import ServiceModels
import Testing

/// The readers and writers of the protocols, without a server.
@Suite("APIWire")
struct WireTests {
    /// A request, and the operation and members that it is read as.
    static let requests: [(request: WireRequest, operation: String, members: String)] = [
        (
            WireRequest(
                method: "GET", target: "/FeatureGroup/g%2F1?FeatureName=a&FeatureName=b+c", headers: []),
            "GetRecord", #"{"FeatureGroupName":"g/1","FeatureNames":["a","b c"]}"#
        ),
        (
            WireRequest(
                method: "POST", target: "/endpoints/e/async-invocations",
                headers: [
                    ("X-Amzn-SageMaker-RequestTTLSeconds", "60"),
                    ("X-Amzn-SageMaker-InputLocation", "s3://b/k"),
                ]),
            "InvokeEndpointAsync",
            #"{"EndpointName":"e","InputLocation":"s3://b/k","RequestTTLSeconds":60}"#
        ),
        (
            WireRequest(method: "GET", target: "/b/a//b?tagging&versionId=v", headers: [], signingName: "s3"),
            "GetObjectTagging", #"{"Bucket":"b","Key":"a//b","VersionId":"v"}"#
        ),
        (
            WireRequest(
                method: "PUT", target: "/b/k?partNumber=2&uploadId=u", headers: [], signingName: "s3"),
            "UploadPart", #"{"Bucket":"b","Key":"k","PartNumber":2,"UploadId":"u"}"#
        ),
        (
            WireRequest(
                method: "PUT", target: "/b/k",
                headers: [("x-amz-copy-source", "c/d"), ("x-amz-meta-a", "1")],
                signingName: "s3"),
            "CopyObject", #"{"Bucket":"b","CopySource":"c/d","Key":"k","Metadata":{"a":"1"}}"#
        ),
        (
            WireRequest(
                method: "POST", target: "/b?delete", headers: [], signingName: "s3",
                body: Array(
                    #"""
                    <?xml version="1.0"?><!-- two --><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
                    <Object><Key>a&amp;&#x62;</Key></Object><Object><Key><![CDATA[<c>]]></Key></Object>
                    <Quiet>true</Quiet></Delete>
                    """#.utf8)),
            "DeleteObjects",
            #"{"Bucket":"b","Delete":{"Objects":[{"Key":"a&b"},{"Key":"<c>"}],"Quiet":true}}"#
        ),
        (
            WireRequest(
                method: "POST", target: "/", headers: [("Content-Type", "application/x-www-form-urlencoded")],
                body: Array(
                    ("Action=TagRole&Version=2010-05-08&RoleName=r&Tags.member.2.Key=c&Tags.member.2.Value="
                        + "&Tags.member.1.Key=a+b&Tags.member.1.Value=%26").utf8)),
            "TagRole", #"{"RoleName":"r","Tags":[{"Key":"a b","Value":"&"},{"Key":"c","Value":""}]}"#
        ),
        (
            WireRequest(method: "GET", target: "/?Action=GetCallerIdentity&Version=2011-06-15", headers: []),
            "GetCallerIdentity", "{}"
        ),
        (
            WireRequest(
                method: "POST", target: "/", headers: [("X-Amz-Target", "AWSEvents.ListRules")],
                body: Array(#"{"Limit":1}"#.utf8)),
            "ListRules", #"{"Limit":1}"#
        ),
    ]

    @Test("tells the operation of a request and reads its members", arguments: requests)
    func reads(_ request: WireRequest, _ operation: String, _ members: String) throws {
        let route: Route
        switch try APIRouter.destination(of: request) {
        case .operation(let found): route = found
        case .form: route = try APIRouter.route(ofForm: request)
        }
        #expect(route.name == operation)
        #expect(try RequestReader(route).read(request).members.text() == members)
    }

    @Test("says where nothing is")
    func nowhere() {
        let cases: [(WireRequest, WireFault)] = [
            (WireRequest(method: "GET", target: "/x?y", headers: []), .nowhere("GET /x")),
            (WireRequest(method: "POST", target: "/", headers: []), .unnamed),
            (WireRequest(method: "POST", target: "/", headers: [("x-amz-target", "")]), .unnamed),
            (
                WireRequest(method: "POST", target: "/", headers: [("x-amz-target", "SageMaker.Do")]),
                .unknown(operation: "Do", service: "SageMaker")
            ),
            (
                WireRequest(method: "GET", target: "/?Action=Do&Version=2011-06-15", headers: []),
                .unknown(operation: "Do", service: nil)
            ),
            (
                WireRequest(method: "GET", target: "/?Action=Do", headers: [], signingName: "sts"),
                .unknown(operation: "Do", service: "STS")
            ),
        ]
        for (request, fault) in cases {
            #expect(throws: fault) { try APIRouter.destination(of: request) }
        }
    }

    @Test(
        "refuses XML that is none",
        arguments: [
            "", "<a>", "<a></b>", "<a/><b/>", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a>&b;</a>",
            "<a b=c/>",
            "text", String(repeating: "<a>", count: 1000),
        ])
    func badXML(_ text: String) throws {
        let request = WireRequest(
            method: "POST", target: "/b?delete", headers: [], signingName: "s3", body: Array(text.utf8))
        guard case .operation(let route) = try APIRouter.destination(of: request) else { return }
        if text.isEmpty {
            #expect(try RequestReader(route).read(request).members == .object(["Bucket": .string("b")]))
            return
        }
        let error = #expect(throws: WireFault.self) { try RequestReader(route).read(request) }
        guard case .malformed(let message)? = error else { return }
        #expect(message.hasPrefix("The request is no valid XML: "))
    }
}
