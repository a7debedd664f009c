// In place of @grpc/proto-loader in our bundles: gRPC asks for it only to read .proto files or to serve channelz, and we do neither.
const missing = () => {
  throw new Error('@grpc/proto-loader is left out of the bundles');
};
module.exports = { load: missing, loadSync: missing, loadFileDescriptorSetFromBuffer: missing, loadFileDescriptorSetFromObject: missing };
