import JSON
import SageMakerAPI
import ServiceModels
import Testing

/// AWS's clients in each of their protocols, on one port.
@Suite("Protocols", .enabled(if: Installed.boto3, "boto3 is not installed: scripts/test installs it"))
struct ProtocolTests {
    /// Runs a script with boto3 against handlers; gives what the script printed and what they were asked.
    private func run(
        _ script: String, _ answers: [(ServiceName, String, JSONValue)],
        failing: [(ServiceName, String, APIFault)] = []
    ) async throws -> (output: String, calls: [String]) {
        let log = CallLog()
        let output = OutputBox()
        let handlers: [EchoHandler] =
            answers.map { service, operation, answer in
                EchoHandler(service, operation) { call in
                    try await log.add(operation, call)
                    return answer
                }
            }
            + failing.map { service, operation, fault in EchoHandler(service, operation) { _ in throw fault }
            }
        try await LiveServer.with(handlers: APIRegistry(handlers)) { endpoint in
            let result = try await ProgramResult.of(
                "python3",
                ["-c", "import boto3, datetime\nfrom botocore.exceptions import ClientError\n" + script],
                environment: LiveServer.environment(endpoint: endpoint))
            try #require(result.isSuccess, "\(result.error)")
            await output.set(result.output)
        }
        return (await output.text, await log.lines)
    }

    @Test("JSON by target: services of several names and versions")
    func awsJSON() async throws {
        let (output, calls) = try await run(
            """
            scaling = boto3.client("application-autoscaling")
            print(scaling.register_scalable_target(ServiceNamespace="sagemaker",
                ResourceId="endpoint/e/variant/v", MinCapacity=1,
                ScalableDimension="sagemaker:variant:DesiredInstanceCount")["ScalableTargetARN"])
            watch = boto3.client("cloudwatch")
            watch.put_metric_data(Namespace="n", MetricData=[dict(MetricName="m", Value=1.5,
                Timestamp=datetime.datetime(2026, 11, 25, tzinfo=datetime.timezone.utc))])
            try:
                watch.describe_alarms()
            except watch.exceptions.InvalidNextToken as error:
                print(error.response["Error"]["Code"], error.response["Error"].get("QueryErrorCode"))
            ecr = boto3.client("ecr")
            try:
                ecr.describe_repositories()
            except ecr.exceptions.RepositoryNotFoundException as error:
                print(error.response["Error"])
            """,
            [
                (.applicationAutoscaling, "RegisterScalableTarget", .object(["ScalableTargetARN": "arn"])),
                (.monitoring, "PutMetricData", .object([:])),
            ],
            failing: [
                (.monitoring, "DescribeAlarms", APIFault(type: "InvalidNextToken", message: "no")),
                (
                    .ecr, "DescribeRepositories",
                    APIFault(type: "RepositoryNotFoundException", message: "none there")
                ),
            ])
        #expect(
            output == """
                arn
                InvalidNextToken InvalidNextToken
                {'Message': 'none there', 'Code': 'RepositoryNotFoundException'}

                """)
        #expect(calls.count == 2)
        #expect(calls.last?.contains(#""Timestamp":1795564800"#) == true, "\(calls)")
    }

    @Test("JSON by method and path: members in path, query, headers and body, and bodies that are no JSON")
    func restJSON() async throws {
        let (output, calls) = try await run(
            """
            store = boto3.client("sagemaker-featurestore-runtime")
            print(store.get_record(FeatureGroupName="group-1", RecordIdentifierValueAsString="a/b c",
                FeatureNames=["x", "y"])["Record"])
            store.put_record(FeatureGroupName="group-1", Record=[dict(FeatureName="x", ValueAsString="1")])
            try:
                store.delete_record(FeatureGroupName="none", RecordIdentifierValueAsString="a",
                    EventTime="2026-01-01T00:00:00Z")
            except store.exceptions.ResourceNotFound as error:
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                print(error.response["Error"]["Message"], status)
            runtime = boto3.client("sagemaker-runtime")
            answer = runtime.invoke_endpoint(
                EndpointName="e", Body=b"1,2\\n", ContentType="text/csv", TargetVariant="v")
            print(answer["Body"].read(), answer["ContentType"], answer["InvokedProductionVariant"])
            metrics = boto3.client("sagemaker-metrics")
            metrics.batch_put_metrics(TrialComponentName="t", MetricData=[
                dict(MetricName="m", Timestamp=1700000000, Value=2.0)])
            """,
            [
                (
                    .featureStoreRuntime, "GetRecord",
                    .object(["Record": .array([.object(["FeatureName": "x", "ValueAsString": "1"])])])
                ), (.featureStoreRuntime, "PutRecord", .object([:])),
                (
                    .sagemakerRuntime, "InvokeEndpoint",
                    .object([
                        "Body": "AP8=", "ContentType": "application/x-thing", "InvokedProductionVariant": "v",
                    ])
                ), (.sagemakerMetrics, "BatchPutMetrics", .object([:])),
            ],
            failing: [
                (
                    .featureStoreRuntime, "DeleteRecord",
                    APIFault(type: "ResourceNotFound", status: 404, message: "no group")
                )
            ])
        let lines = output.split(separator: "\n")
        #expect(lines.first == "[{'FeatureName': 'x', 'ValueAsString': '1'}]")
        #expect(lines.dropFirst().first == "no group 404")
        #expect(lines.dropFirst(2).first == #"b'\x00\xff' application/x-thing v"#)
        #expect(
            calls.prefix(3) == [
                #"GetRecord {"FeatureGroupName":"group-1","FeatureNames":["x","y"],"#
                    + #""RecordIdentifierValueAsString":"a/b c"}"#,
                #"PutRecord {"FeatureGroupName":"group-1","#
                    + #""Record":[{"FeatureName":"x","ValueAsString":"1"}]}"#,
                #"InvokeEndpoint {"ContentType":"text/csv","EndpointName":"e","TargetVariant":"v"}"#,
            ])
    }

    @Test("Query: forms in, XML out")
    func query() async throws {
        let (output, calls) = try await run(
            """
            sts = boto3.client("sts")
            print(sts.get_caller_identity()["Account"])
            role = "arn:aws:iam::000000000000:role/lockstep"
            sts.assume_role(RoleArn=role, RoleSessionName="me", DurationSeconds=900,
                Tags=[dict(Key="a", Value="b + c"), dict(Key="d", Value="e")], TransitiveTagKeys=["a"])
            iam = boto3.client("iam")
            roles = iam.list_roles()
            print([(r["RoleName"], r["CreateDate"].year) for r in roles["Roles"]], roles["IsTruncated"])
            try:
                iam.get_role(RoleName="none")
            except iam.exceptions.NoSuchEntityException as error:
                print(error.response["Error"])
            try:
                sts.assume_role(RoleArn=role, RoleSessionName="a b")
            except ClientError as error:
                print(error.response["Error"]["Code"], error.response["Error"]["Message"].split(":")[0])
            """,
            [
                (.sts, "GetCallerIdentity", .object(["Account": "000000000000"])),
                (.sts, "AssumeRole", .object([:])),
                (
                    .iam, "ListRoles",
                    .object([
                        "IsTruncated": .bool(false),
                        "Roles": .array([
                            .object([
                                "RoleName": "a<b", "Path": "/", "RoleId": "i", "Arn": "arn",
                                "CreateDate": .integer(1_795_564_800),
                            ])
                        ]),
                    ])
                ),
            ],
            failing: [
                (.iam, "GetRole", APIFault(type: "NoSuchEntityException", status: 404, message: "none"))
            ])
        #expect(
            output == """
                000000000000
                [('a<b', 2026)] False
                {'Type': 'Sender', 'Code': 'NoSuchEntity', 'Message': 'none'}
                ValidationError 1 validation error detected

                """)
        #expect(
            calls.contains(
                #"AssumeRole {"DurationSeconds":900,"RoleArn":"arn:aws:iam::000000000000:role/lockstep","#
                    + #""RoleSessionName":"me","Tags":[{"Key":"a","Value":"b + c"},{"Key":"d","Value":"e"}],"#
                    + #""TransitiveTagKeys":["a"]}"#), "\(calls)")
    }

    @Test("XML by method and path")
    func restXML() async throws {
        let (output, calls) = try await run(
            """
            s3 = boto3.client("s3")
            print([(b["Name"], b["CreationDate"].year) for b in s3.list_buckets()["Buckets"]])
            page = s3.list_objects_v2(Bucket="b", Prefix="x y/", MaxKeys=2)
            print(page["KeyCount"], page["Contents"][0]["Key"], page["Contents"][0]["Size"],
                [p["Prefix"] for p in page["CommonPrefixes"]])
            s3.put_bucket_tagging(Bucket="b", Tagging=dict(TagSet=[dict(Key="a", Value="<&>")]))
            head = s3.head_object(Bucket="b", Key="x y/z//")
            print(head["ContentLength"], head["ETag"], head["Metadata"])
            try:
                s3.get_bucket_location(Bucket="none")
            except ClientError as error:
                print(error.response["Error"]["Code"])
            try:
                s3.get_bucket_website(Bucket="b")
            except ClientError as error:
                print(error.response["Error"]["Code"])
            """,
            [
                (
                    .s3, "ListBuckets",
                    .object([
                        "Buckets": .array([
                            .object(["Name": "b", "CreationDate": .integer(1_795_564_800)])
                        ])
                    ])
                ),
                (
                    .s3, "ListObjectsV2",
                    .object([
                        "KeyCount": .integer(1),
                        "Contents": .array([.object(["Key": "x y/1", "Size": .integer(3)])]),
                        "CommonPrefixes": .array([
                            .object(["Prefix": "x y/a/"]), .object(["Prefix": "x y/b/"]),
                        ]),
                    ])
                ), (.s3, "PutBucketTagging", .object([:])),
                (
                    .s3, "HeadObject",
                    .object([
                        "ContentLength": .integer(3), "ETag": "\"abc\"",
                        "Metadata": .object(["key": "value"]),
                    ])
                ),
            ],
            failing: [
                (.s3, "GetBucketLocation", APIFault(type: "NoSuchBucket", status: 404, message: "none"))
            ])
        #expect(
            output == """
                [('b', 2026)]
                1 x y/1 3 ['x y/a/', 'x y/b/']
                3 "abc" {'key': 'value'}
                NoSuchBucket
                NotImplemented

                """)
        let members = calls.filter { !$0.hasPrefix("ListBuckets") }
        #expect(
            members.first == #"ListObjectsV2 {"Bucket":"b","EncodingType":"url","MaxKeys":2,"Prefix":"x y/"}"#
        )
        #expect(
            members.contains {
                $0.hasPrefix("PutBucketTagging ")
                    && $0.contains(#""Tagging":{"TagSet":[{"Key":"a","Value":"<&>"}]}"#)
            })
        #expect(members.last == #"HeadObject {"Bucket":"b","Key":"x y/z//"}"#)
    }
}
