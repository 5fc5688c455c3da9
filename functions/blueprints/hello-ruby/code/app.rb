require 'logger'

LOG = Logger.new($stdout, level: Logger::INFO)

def handler(event:, context:)
  name = event.fetch('name', 'world')
  LOG.info("greeting #{name}")
  { message: "Hello, #{name}!", version: context.function_version }
end
