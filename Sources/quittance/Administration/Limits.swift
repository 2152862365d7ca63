/// Every bound of the conversation between commands and a running gateway. Times in milliseconds.
enum Limits {
    /// Conversations at once; one more is told to come again.
    static let conversations = 8
    static let requestBytes = 64 << 10
    static let answerBytes = 16 << 20
    /// How long a request or an answer may take on its way.
    static let transfer: Int64 = 5_000
    /// Between two signs of life while an answer is being made, and how long a command waits for one.
    static let heartbeat: Int64 = 2_000
    static let silence: Int64 = 30_000
    /// How long a gateway that starts waits for a process that still has the folder.
    static let claim: Int64 = 3_000
    /// How long a command waits for a process that holds the folder and does not listen: one that starts or
    /// ends, or another command.
    static let patience: Int64 = 10_000
    static let pause: Int64 = 50
    /// Why a payment is taken back, in words.
    static let reasonBytes = 2_000
    /// Sockets of a folder that are looked at.
    static let sockets = 64
}
