import Hummingbird
import Logging
import NIOCore

/// What goes with a request besides itself: the connection that it came over.
struct APIContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}
