import AlgorithmCatalog
import LockstepTraining

TrainingProgram.run(AlgorithmCatalog.builtIns)
