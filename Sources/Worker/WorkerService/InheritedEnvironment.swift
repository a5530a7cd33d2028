/// What of a daemon's environment reaches jobs that run as another user: what tells them about the node, and
/// nothing that only the daemon's owner may know.
package enum InheritedEnvironment {
    private static let names: Set<String> = [
        "PATH", "LD_LIBRARY_PATH", "LANG", "LANGUAGE", "TZ", "TERM", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "http_proxy", "https_proxy", "ftp_proxy", "all_proxy",
        "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY", "PIP_INDEX_URL",
        "PIP_NO_INDEX", "PIP_FIND_LINKS", "VIRTUAL_ENV", "CONDA_PREFIX", "NVIDIA_VISIBLE_DEVICES",
        "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "NCCL_SOCKET_IFNAME", "GLOO_SOCKET_IFNAME",
    ]
    private static let prefixes = ["LC_", "CUDA_"]

    /// - Parameter more: names that the worker's `--pass-environment` adds.
    package static func passed(_ environment: [String: String], more: [String]) -> [String: String] {
        let all = names.union(more)
        return environment.filter { name, _ in
            all.contains(name) || prefixes.contains { name.hasPrefix($0) }
        }
    }
}
