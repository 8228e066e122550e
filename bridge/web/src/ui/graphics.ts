/** Whether WebGL runs on a GPU: in software, smooth edges take more than all the rest. */
export function drawsInHardware(): boolean {
  const context = document.createElement("canvas").getContext("webgl2");
  if (!context) return false;
  // Firefox tells by RENDERER, the others only by the extension.
  const named = context.getExtension("WEBGL_debug_renderer_info");
  const parameter = named ? named.UNMASKED_RENDERER_WEBGL : context.RENDERER;
  const renderer = String(context.getParameter(parameter));
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return !/swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer);
}
