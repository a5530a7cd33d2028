import ServiceModels

/// What a service calls the errors that all have.
struct FaultNames {
    /// A request that breaks a rule.
    let validation: String
    let notFound: String
    /// A name that is taken, or something that is in use.
    let conflict: String

    init(_ service: ServiceName) {
        switch service {
        case .logs:
            self.init(
                "InvalidParameterException", "ResourceNotFoundException", "ResourceAlreadyExistsException")
        case .monitoring:
            self.init("InvalidParameterValueException", "ResourceNotFound", "ConcurrentModificationException")
        case .applicationAutoscaling:
            self.init("ValidationException", "ObjectNotFoundException", "ConcurrentUpdateException")
        case .sagemakerRuntime: self.init("ValidationError", "ValidationError", "ValidationError")
        case .featureStoreRuntime: self.init("ValidationError", "ResourceNotFound", "ValidationError")
        case .sagemakerMetrics:
            self.init("ValidationException", "ResourceNotFoundException", "ConflictException")
        case .sts: self.init("ValidationError", "ValidationError", "ValidationError")
        case .iam:
            self.init("ValidationError", "NoSuchEntityException", "EntityAlreadyExistsException")
        case .ecr:
            self.init(
                "InvalidParameterException", "RepositoryNotFoundException", "RepositoryAlreadyExistsException"
            )
        case .events:
            self.init("ValidationException", "ResourceNotFoundException", "ResourceAlreadyExistsException")
        case .s3: self.init("InvalidArgument", "NoSuchKey", "BucketAlreadyOwnedByYou")
        default: self.init("ValidationException", "ValidationException", "ResourceInUse")
        }
    }

    private init(_ validation: String, _ notFound: String, _ conflict: String) {
        self.validation = validation
        self.notFound = notFound
        self.conflict = conflict
    }
}
