"""Rebuilds a TensorFlow Lite graph as ONNX, for the operators that MediaPipe's hand nets use.

Inputs and outputs keep the layout NHWC, the inside is ONNX's NCHW, and the batch axis is free. fp16
constants stay fp16 behind a Cast to fp32. Any operator or option that these nets do not use raises
NotImplementedError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper, numpy_helper

OPSET = 17

_NUMPY_TYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}
_OP_NAMES = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}

TO_NCHW = (0, 3, 1, 2)
TO_NHWC = (0, 2, 3, 1)


@dataclass(frozen=True)
class Value:
    """An ONNX value that holds a tflite tensor, in one of two layouts."""

    name: str
    channels_first: bool


class Graph:
    """One tflite graph, rebuilt operator by operator as ONNX nodes.

    Args:
        model: Content of the .tflite file.
        outputs: Names to give to its outputs.
    """

    def __init__(self, model: bytes, outputs: tuple[str, ...]) -> None:
        self._model = tflite.Model.GetRootAsModel(model, 0)
        self._graph = self._model.Subgraphs(0)
        self._output_names = outputs
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []
        self._constants = self._read_constants()
        self._values: dict[int, Value] = {}
        self._handlers: dict[str, Callable[[tflite.Operator], None]] = {
            "DEQUANTIZE": self._dequantize,
            "CONV_2D": self._conv,
            "DEPTHWISE_CONV_2D": self._depthwise_conv,
            "PRELU": self._prelu,
            "ADD": self._add,
            "MAX_POOL_2D": self._max_pool,
            "PAD": self._pad,
            "RESIZE_BILINEAR": self._resize,
            "RESHAPE": self._reshape,
            "CONCATENATION": self._concat,
            "MEAN": self._mean,
            "FULLY_CONNECTED": self._fully_connected,
            "LOGISTIC": self._logistic,
        }

    def convert(self, name: str) -> onnx.ModelProto:
        """The whole graph as a checked ONNX model with a free batch axis ``N``."""
        inputs = []
        for index in self._graph.InputsAsNumpy():
            self._values[int(index)] = Value("image", channels_first=False)
            inputs.append(self._value_info("image", int(index)))
        for i in range(self._graph.OperatorsLength()):
            operator = self._graph.Operators(i)
            code = self._model.OperatorCodes(operator.OpcodeIndex())
            kind = _OP_NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            if kind not in self._handlers:
                raise NotImplementedError(f"{name}: operator {kind} is not one these nets use")
            self._handlers[kind](operator)
        outputs = []
        for index, label in zip(self._graph.OutputsAsNumpy(), self._output_names, strict=True):
            self._nodes.append(helper.make_node("Identity", [self._plain(int(index))], [label]))
            outputs.append(self._value_info(label, int(index)))
        graph = helper.make_graph(self._nodes, name, inputs, outputs, self._initializers)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            producer_name="ghosthands convert_mediapipe",
            ir_version=8,
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    # Tensors.

    def _read_constants(self) -> dict[int, np.ndarray]:
        constants = {}
        for i in range(self._graph.TensorsLength()):
            tensor = self._graph.Tensors(i)
            buffer = self._model.Buffers(tensor.Buffer())
            if buffer.DataLength():
                data = buffer.DataAsNumpy().tobytes()
                array = np.frombuffer(data, _NUMPY_TYPES[tensor.Type()])
                constants[i] = array.reshape(self._shape(i))
        return constants

    def _shape(self, index: int) -> list[int]:
        tensor = self._graph.Tensors(index)
        return [int(n) for n in tensor.ShapeAsNumpy()] if tensor.ShapeLength() else []

    def _value_info(self, name: str, index: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(
            name, TensorProto.FLOAT, ["N", *self._shape(index)[1:]]
        )

    def _emit(self, op: str, inputs: list[str], **attributes: object) -> str:
        name = f"{op}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def _constant(self, array: np.ndarray) -> str:
        """A constant of the model, stored as narrow as in the source and cast where it is used."""
        name = f"const_{len(self._initializers)}"
        self._initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        if array.dtype == np.float16:
            return self._emit("Cast", [name], to=TensorProto.FLOAT)
        return name

    def _channels_first(self, index: int) -> str:
        value = self._values[index]
        if value.channels_first:
            return value.name
        return self._emit("Transpose", [value.name], perm=TO_NCHW)

    def _plain(self, index: int) -> str:
        """The tensor in the layout of the tflite graph."""
        value = self._values[index]
        return (
            self._emit("Transpose", [value.name], perm=TO_NHWC)
            if value.channels_first
            else value.name
        )

    def _activate(self, name: str, activation: int) -> str:
        if activation == tflite.ActivationFunctionType.NONE:
            return name
        if activation == tflite.ActivationFunctionType.RELU:
            return self._emit("Relu", [name])
        if activation == tflite.ActivationFunctionType.RELU6:
            low, high = (self._constant(np.float32(limit)) for limit in (0, 6))
            return self._emit("Clip", [name, low, high])
        raise NotImplementedError(f"activation {activation}")

    def _set(self, operator: tflite.Operator, name: str, *, channels_first: bool) -> None:
        self._values[int(operator.OutputsAsNumpy()[0])] = Value(name, channels_first)

    # Operators.

    def _dequantize(self, operator: tflite.Operator) -> None:
        source, target = int(operator.InputsAsNumpy()[0]), int(operator.OutputsAsNumpy()[0])
        if self._constants[source].dtype != np.float16:
            raise NotImplementedError("DEQUANTIZE of anything but an fp16 constant")
        self._constants[target] = self._constants[source]

    def _padding(self, operator: tflite.Operator, options: object, kernel: tuple[int, ...]):
        """ONNX pads of a sliding window: TensorFlow's SAME puts the odd pixel at the end."""
        if options.Padding() == tflite.Padding.VALID:
            return [0, 0, 0, 0]
        size = self._shape(int(operator.InputsAsNumpy()[0]))[1:3]
        out = self._shape(int(operator.OutputsAsNumpy()[0]))[1:3]
        stride = (options.StrideH(), options.StrideW())
        total = [
            max((o - 1) * s + k - n, 0)
            for o, s, k, n in zip(out, stride, kernel, size, strict=True)
        ]
        return [t // 2 for t in total] + [t - t // 2 for t in total]

    def _any_conv(
        self, operator: tflite.Operator, options: object, weights: np.ndarray, group: int
    ):
        if (options.DilationHFactor(), options.DilationWFactor()) != (1, 1):
            raise NotImplementedError("dilated convolution")
        source, _, bias = (int(i) for i in operator.InputsAsNumpy())
        kernel = weights.shape[2:]
        name = self._emit(
            "Conv",
            [
                self._channels_first(source),
                self._constant(weights),
                self._constant(self._constants[bias]),
            ],
            kernel_shape=list(kernel),
            strides=[options.StrideH(), options.StrideW()],
            pads=self._padding(operator, options, kernel),
            group=group,
        )
        name = self._activate(name, options.FusedActivationFunction())
        self._set(operator, name, channels_first=True)

    def _conv(self, operator: tflite.Operator) -> None:
        weights = self._constants[int(operator.InputsAsNumpy()[1])].transpose(TO_NCHW)
        self._any_conv(operator, _options(operator, tflite.Conv2DOptions), weights, group=1)

    def _depthwise_conv(self, operator: tflite.Operator) -> None:
        weights = self._constants[int(operator.InputsAsNumpy()[1])].transpose(3, 0, 1, 2)
        options = _options(operator, tflite.DepthwiseConv2DOptions)
        self._any_conv(operator, options, weights, group=weights.shape[0])

    def _prelu(self, operator: tflite.Operator) -> None:
        """PReLU with slope a as a x + (1 - a) relu(x).

        onnxruntime's CPU provider has no PRelu in its blocked layout and turned the layout back and
        forth around each of the 31: as depthwise convolutions the net takes 40 % less time.
        """
        source, slope = (int(i) for i in operator.InputsAsNumpy())
        slopes = self._constants[slope].reshape(-1, 1, 1, 1)
        x = self._channels_first(source)
        positive = self._emit("Relu", [x])
        scaled = [
            self._emit(
                "Conv", [value, self._constant(weights)], kernel_shape=[1, 1], group=len(weights)
            )
            for value, weights in ((x, slopes), (positive, 1 - slopes.astype(np.float32)))
        ]
        self._set(operator, self._emit("Add", scaled), channels_first=True)

    def _add(self, operator: tflite.Operator) -> None:
        inputs = [self._channels_first(int(i)) for i in operator.InputsAsNumpy()]
        options = _options(operator, tflite.AddOptions)
        name = self._activate(self._emit("Add", inputs), options.FusedActivationFunction())
        self._set(operator, name, channels_first=True)

    def _max_pool(self, operator: tflite.Operator) -> None:
        options = _options(operator, tflite.Pool2DOptions)
        kernel = (options.FilterHeight(), options.FilterWidth())
        name = self._emit(
            "MaxPool",
            [self._channels_first(int(operator.InputsAsNumpy()[0]))],
            kernel_shape=list(kernel),
            strides=[options.StrideH(), options.StrideW()],
            pads=self._padding(operator, options, kernel),
        )
        self._set(operator, name, channels_first=True)

    def _pad(self, operator: tflite.Operator) -> None:
        source, widths = (int(i) for i in operator.InputsAsNumpy())
        begin_end = self._constants[widths].astype(np.int64)[list(TO_NCHW)].T
        inputs = [self._channels_first(source), self._constant(begin_end.ravel())]
        self._set(operator, self._emit("Pad", inputs), channels_first=True)

    def _resize(self, operator: tflite.Operator) -> None:
        options = _options(operator, tflite.ResizeBilinearOptions)
        if options.AlignCorners() or not options.HalfPixelCenters():
            raise NotImplementedError("RESIZE_BILINEAR other than with half-pixel centres")
        source, target = int(operator.InputsAsNumpy()[0]), int(operator.OutputsAsNumpy()[0])
        factors = np.divide(self._shape(target)[1:3], self._shape(source)[1:3])
        scales = self._constant(np.array([1, 1, *factors], np.float32))
        name = self._emit(
            "Resize",
            [self._channels_first(source), "", scales],
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )
        self._set(operator, name, channels_first=True)

    def _reshape(self, operator: tflite.Operator) -> None:
        source = int(operator.InputsAsNumpy()[0])
        shape = self._shape(int(operator.OutputsAsNumpy()[0]))
        target = self._constant(np.array([-1, *shape[1:]], np.int64))
        name = self._emit("Reshape", [self._plain(source), target])
        self._set(operator, name, channels_first=False)

    def _concat(self, operator: tflite.Operator) -> None:
        axis = _options(operator, tflite.ConcatenationOptions).Axis()
        inputs = [self._plain(int(i)) for i in operator.InputsAsNumpy()]
        self._set(operator, self._emit("Concat", inputs, axis=axis), channels_first=False)

    def _mean(self, operator: tflite.Operator) -> None:
        source, axes = (int(i) for i in operator.InputsAsNumpy())
        keep = _options(operator, tflite.ReducerOptions).KeepDims()
        if sorted(self._constants[axes].tolist()) != [1, 2] or keep:
            raise NotImplementedError("MEAN other than over the whole picture")
        pooled = self._emit("GlobalAveragePool", [self._channels_first(source)])
        self._set(operator, self._emit("Flatten", [pooled]), channels_first=False)

    def _fully_connected(self, operator: tflite.Operator) -> None:
        source, weights, bias = (int(i) for i in operator.InputsAsNumpy())
        inputs = [
            self._plain(source),
            self._constant(self._constants[weights]),
            self._constant(self._constants[bias]),
        ]
        options = _options(operator, tflite.FullyConnectedOptions)
        name = self._emit("Gemm", inputs, transB=1)
        name = self._activate(name, options.FusedActivationFunction())
        self._set(operator, name, channels_first=False)

    def _logistic(self, operator: tflite.Operator) -> None:
        name = self._emit("Sigmoid", [self._plain(int(operator.InputsAsNumpy()[0]))])
        self._set(operator, name, channels_first=False)


def _options(operator: tflite.Operator, kind: type):
    """An operator's options: flatbuffers keeps them as an untyped table."""
    options, table = kind(), operator.BuiltinOptions()
    options.Init(table.Bytes, table.Pos)
    return options
