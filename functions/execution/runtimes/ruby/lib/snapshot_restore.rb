# frozen_string_literal: true

# The hooks of SnapStart. AWS has none for Ruby: these are those of its interface for Python, by the same names.
#
#   require 'snapshot_restore'
#   SnapshotRestore.register_before_snapshot { $connection.close }
#   SnapshotRestore.register_after_restore(method(:connect), 'host', port: 1)
module SnapshotRestore
  @before_snapshot = []
  @after_restore = []

  class << self
    # What to call, in the order of registration, each with its arguments.
    attr_reader :before_snapshot, :after_restore

    # Call it before the snapshot is taken: the last one registered first.
    def register_before_snapshot(callable = nil, *arguments, **keywords, &block)
      @before_snapshot << -> { (callable || block).call(*arguments, **keywords) }
      callable || block
    end

    # Call it in each environment that is restored, in the order of registration.
    def register_after_restore(callable = nil, *arguments, **keywords, &block)
      @after_restore << -> { (callable || block).call(*arguments, **keywords) }
      callable || block
    end
  end
end
