import Diagnostics
import FoundationEssentials
import Glibc
import HTTPTypes
import RequestSigning

/// Whether a request is from somebody who may call the API.
struct CallerCheck {
    private let signature: SignatureCheck?
    private let key: AccessKey?
    private let peer: Peer

    /// Checks all that can be told before the body is there.
    ///
    /// - Throws: `APIFault` with AWS's names for what is wrong with a signature.
    init(_ head: HTTPRequest, peer: Peer, access: APIAccess) throws {
        self.peer = peer
        guard !access.isInsecure, !Self.needsNoKey(peer) else {
            signature = nil
            key = nil
            return
        }
        do {
            let check = try SignatureCheck(
                SignableRequest(head, body: []), at: Date().timeIntervalSince1970)
            guard let key = try access.key(check.accessKeyID) else {
                throw SignatureFault.unknownKey(check.accessKeyID)
            }
            signature = check
            self.key = key
        } catch let fault as SignatureFault {
            throw APIFault(fault, peer: peer)
        }
    }

    /// - Throws: `APIFault` InvalidSignatureException when the key did not sign head and body.
    func verify(_ head: HTTPRequest, body: [UInt8]) throws(APIFault) {
        guard let signature, let key else { return }
        do {
            try signature.verify(SignableRequest(head, body: body), with: key)
        } catch {
            throw APIFault(error, peer: .address(""))
        }
    }

    /// Who it is.
    var caller: APICaller {
        if let key { return APICaller(name: key.name ?? key.accessKeyID, accessKeyID: key.accessKeyID) }
        return switch peer {
        case .ownProcess: APICaller(name: "user \(geteuid())")
        case .user(let number): APICaller(name: "user \(number)")
        case .address(let text): APICaller(name: text)
        }
    }

    private static func needsNoKey(_ peer: Peer) -> Bool {
        switch peer {
        case .ownProcess: true
        case .user(let number): number == 0 || number == geteuid()
        case .address: false
        }
    }
}

extension SignableRequest {
    fileprivate init(_ head: HTTPRequest, body: [UInt8]) {
        self.init(
            method: head.method.rawValue, target: head.path ?? "/",
            headers: [("host", head.authority ?? "")]
                + head.headerFields.map { ($0.name.rawName, $0.value) }, body: body)
    }
}

extension APIFault {
    /// AWS's names, and what to do here.
    fileprivate init(_ fault: SignatureFault, peer: Peer) {
        let advice = "make one with `lockstep keys create`, and see `lockstep env`"
        switch fault {
        case .missing:
            let whom =
                switch peer {
                case .user(let number): "of user \(number)"
                case .address(let text): "from \(text)"
                case .ownProcess: "of this process"
                }
            self.init(
                type: "MissingAuthenticationTokenException", status: 403,
                message: "Requests \(whom) have to be signed with a key of this cluster: \(advice)")
        case .incomplete(let what):
            self.init(
                type: "IncompleteSignatureException",
                message: "The Authorization header is not what it has to be: \(what.prefix(200))")
        case .unknownKey(let id):
            self.init(
                type: "UnrecognizedClientException", status: 403,
                message: "The security token included in the request is invalid: this cluster has no key "
                    + "\(id.prefix(128)); \(advice)")
        case .wrong:
            self.init(
                type: "InvalidSignatureException", status: 403,
                message: "The request signature we calculated does not match the signature you provided: "
                    + "SignatureDoesNotMatch, check the secret access key")
        case .expired(let signed, let now):
            self.init(
                type: "InvalidSignatureException", status: 403,
                message: "\(signed < now ? "Signature expired" : "Signature not yet current"): it is of "
                    + "\(signed), and it is \(now) here; set the clocks right, five minutes are allowed")
        }
        code = .denied
    }
}
