/// Names of images and algorithms, as requests spell them.
public enum ImageName {
    /// `kmeans` of `kmeans`, `174872318107.dkr.ecr.us-west-2.amazonaws.com/kmeans:1` or
    /// `arn:aws:sagemaker:us-east-1:000000000000:algorithm/kmeans`.
    public static func repository(in text: String) -> String {
        let last = text.split(separator: "/").last.map(String.init) ?? text
        return last.split(separator: "@").first?.split(separator: ":").first.map(String.init) ?? last
    }
}
